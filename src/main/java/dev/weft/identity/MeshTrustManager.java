package dev.weft.identity;

import dev.weft.bus.WeftException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts nodes of the mesh, and a dialled one only if it is the node that was meant. Extended, so
 * that neither the JDK nor Netty's OpenSSL engine adds a check of host names to it or takes one
 * away.
 */
final class MeshTrustManager extends X509ExtendedTrustManager {
  private final X509Certificate ca;
  private final CertificateCheck check;

  MeshTrustManager(X509Certificate ca, CertificateCheck check) {
    this.ca = ca;
    this.check = check;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    String peer = engine.getPeerHost() + ":" + engine.getPeerPort();
    NodeId actual = prove(peer + ": ", chain);
    NodeId expected =
        NodeId.ofHost(engine.getPeerHost())
            .orElseThrow(
                () ->
                    new CertificateException(
                        peer
                            + ": node id "
                            + actual
                            + " (expected: to be dialled as <node id>.weft)"));
    if (!actual.equals(expected)) {
      throw new CertificateException(
          peer + ": node id " + actual + " (expected: " + expected + ")");
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    prove("", chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    prove("", chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    prove("", chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw withoutPeer();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw withoutPeer();
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[] {ca};
  }

  private NodeId prove(String peer, X509Certificate[] chain) throws CertificateException {
    try {
      return check.prove(chain[0]);
    } catch (WeftException e) {
      throw new CertificateException(peer + e.getMessage(), e);
    }
  }

  private static CertificateException withoutPeer() {
    return new CertificateException(
        "no SSL engine (expected: one that tells which node is dialled)");
  }
}

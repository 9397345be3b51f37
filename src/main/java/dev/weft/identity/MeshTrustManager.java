package dev.weft.identity;

import dev.weft.bus.WeftException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts nodes of a mesh, and a dialled one only if it is the node that was meant. Extended, so
 * that neither the JDK nor Netty's OpenSSL engine adds a check of host names to it or takes one
 * away.
 */
final class MeshTrustManager extends X509ExtendedTrustManager {
  /** By what a client may dial a node. */
  enum Dialled {
    /** By {@link NodeId#host} alone. */
    NODE_ID,
    /** By {@link NodeId#host}, or by another name that the node's certificate gives it. */
    NAME,
    /**
     * By {@link NodeId#host}, or by anything else for whoever of those that are trusted answers.
     */
    ID_OR_ANY,
    /** By anything: whoever answers is one of those that are trusted. */
    ANY
  }

  private final Supplier<X509Certificate[]> authorities;
  private final Function<X509Certificate, NodeId> proof;
  private final Dialled dialled;

  /**
   * @param authorities whose certificates are asked for now
   * @param proof the id that a certificate proves now; throws if it proves none
   */
  MeshTrustManager(
      Supplier<X509Certificate[]> authorities,
      Function<X509Certificate, NodeId> proof,
      Dialled dialled) {
    this.authorities = authorities;
    this.proof = proof;
    this.dialled = dialled;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    String peer = engine.getPeerHost() + ":" + engine.getPeerPort();
    NodeId actual = prove(peer + ": ", chain);
    if (dialled == Dialled.ANY) {
      return;
    }
    Optional<NodeId> meant = NodeId.ofHost(engine.getPeerHost());
    if (meant.isEmpty() && dialled == Dialled.ID_OR_ANY) {
      return;
    }
    if (meant.isEmpty() && dialled == Dialled.NAME) {
      checkNames(chain[0], engine.getPeerHost());
      return;
    }
    NodeId expected =
        meant.orElseThrow(
            () ->
                new CertificateException(
                    peer + ": node id " + actual + " (expected: to be dialled as <node id>.weft)"));
    if (!actual.equals(expected)) {
      throw new CertificateException(
          peer + ": node id " + actual + " (expected: " + expected + ")");
    }
  }

  private static void checkNames(X509Certificate certificate, String host)
      throws CertificateException {
    List<String> names = CertificateInfo.of(certificate).names();
    if (names.stream().noneMatch(host::equalsIgnoreCase)) {
      throw new CertificateException(
          host + ": its certificate names " + names + " (expected: " + host + " among them)");
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
    return authorities.get();
  }

  private NodeId prove(String peer, X509Certificate[] chain) throws CertificateException {
    try {
      return proof.apply(chain[0]);
    } catch (WeftException e) {
      throw new CertificateException(peer + e.getMessage(), e);
    }
  }

  private static CertificateException withoutPeer() {
    return new CertificateException(
        "no SSL engine (expected: one that tells which node is dialled)");
  }
}

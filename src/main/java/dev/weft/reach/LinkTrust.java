package dev.weft.reach;

import dev.weft.bus.WeftException;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import io.netty.handler.ssl.OpenSslCertificateException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Takes the nodes that {@link Identity#linkTrust} takes, and tells the other end by the alert that
 * its certificate is refused. QUIC's TLS engine, unlike others, tells nobody whom it was told to
 * dial, and of a refusal it keeps only the kind of alert: so both stand here.
 */
final class LinkTrust extends X509ExtendedTrustManager {
  /** X509_V_ERR_CERT_REJECTED of OpenSSL; the alert is "bad certificate". */
  private static final int REJECTED = 28;

  private final Identity identity;
  private final Function<SSLEngine, Optional<NodeId>> expected;
  private final BiConsumer<SSLEngine, String> refused;

  /**
   * @param expected the one node that is taken; empty for any
   * @param refused told why a certificate is not taken
   */
  LinkTrust(Identity identity, Optional<NodeId> expected, BiConsumer<SSLEngine, String> refused) {
    this(identity, engine -> expected, refused);
  }

  /**
   * @param expected the one node that is taken over a connection; empty for any
   * @param refused told why a certificate is not taken
   */
  LinkTrust(
      Identity identity,
      Function<SSLEngine, Optional<NodeId>> expected,
      BiConsumer<SSLEngine, String> refused) {
    this.identity = identity;
    this.expected = expected;
    this.refused = refused;
  }

  private void check(X509Certificate[] chain, SSLEngine engine) throws CertificateException {
    try {
      NodeId actual = identity.verifier().verify(chain[0].getEncoded());
      Optional<NodeId> meant = expected.apply(engine);
      if (meant.isPresent() && !actual.equals(meant.get())) {
        throw new CertificateException("node id " + actual + " (expected: " + meant.get() + ")");
      }
    } catch (WeftException | CertificateException e) {
      refused.accept(engine, e.getMessage());
      // Without a code of X.509's the other end would be told of an internal error.
      throw new OpenSslCertificateException(e.getMessage(), e, REJECTED);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw noEngine();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw noEngine();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw noEngine();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw noEngine();
  }

  private static CertificateException noEngine() {
    return new CertificateException("no SSL engine (expected: QUIC's)");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return identity.linkTrust().getAcceptedIssuers();
  }
}

package dev.weft.identity;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.SecurityConfig;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** This node: its key, its certificate, and what it takes as proof from others. Immutable. */
public final class Identity {
  private final PrivateKey key;
  private final X509Certificate certificate;
  private final Optional<X509Certificate> ca;
  private final CertificateCheck check;
  private final NodeId nodeId;
  private final Verifier verifier;

  private Identity(
      PrivateKey key,
      X509Certificate certificate,
      Optional<X509Certificate> ca,
      CertificateCheck check) {
    this.key = key;
    this.certificate = certificate;
    this.ca = ca;
    this.check = check;
    this.nodeId = NodeId.of(certificate.getPublicKey());
    this.verifier = new Verifier(check);
  }

  /**
   * Reads the files that the configuration names; without any, the node's own key pair in {@code
   * <data>/identity}, which is made when missing.
   *
   * @param dataDir the node's data directory, its lock held
   * @throws WeftException INVALID or UNAUTHENTICATED, with the file and the reason
   */
  public static Identity load(SecurityConfig security, Path dataDir, Clock clock) {
    if (!security.mutualTls()) {
      LoneNode own = LoneNode.in(dataDir.resolve("identity"), clock);
      CertificateCheck check =
          security.insecure()
              ? CertificateCheck.selfSigned(clock)
              : CertificateCheck.only(own.certificate(), clock);
      return new Identity(own.key(), own.certificate(), Optional.empty(), check);
    }
    Path certFile = security.cert().orElseThrow();
    Path keyFile = security.key().orElseThrow();
    X509Certificate ca = authority(security.ca().orElseThrow());
    X509Certificate certificate = new PemFile(certFile).certificate();
    ECPrivateKey key = new PemFile(keyFile).key();
    if (!Keys.publicOf(key).equals(certificate.getPublicKey())) {
      throw Fault.invalid(keyFile.toString(), "another key", "the key of " + certFile);
    }
    CertificateCheck check = CertificateCheck.signedBy(ca, clock);
    try {
      check.prove(certificate);
    } catch (WeftException e) {
      throw e.fault().because(certFile + ": " + e.getMessage(), e);
    }
    return new Identity(key, certificate, Optional.of(ca), check);
  }

  static X509Certificate authority(Path file) {
    X509Certificate ca = new PemFile(file).certificate();
    if (ca.getBasicConstraints() < 0) {
      throw Fault.invalid(
          file.toString(), ca.getSubjectX500Principal().getName(), "a CA's certificate");
    }
    return ca;
  }

  public NodeId nodeId() {
    return nodeId;
  }

  /** SHA-256 of the public key's SubjectPublicKeyInfo, 64 hex digits; begins with the node id. */
  public String fingerprint() {
    return Fingerprint.of(certificate.getPublicKey());
  }

  public X509Certificate certificate() {
    return certificate;
  }

  /** ECDSA with SHA-256, in DER. */
  public byte[] sign(byte[] data) {
    return Keys.sign(key, data);
  }

  /** Whether a CA vouches for this node, so that it can prove itself to others. */
  public boolean trusted() {
    return ca.isPresent();
  }

  public Verifier verifier() {
    return verifier;
  }

  /** What to show in a TLS handshake, at either end. */
  public KeyCertOptions keyCert() {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("node", key, new char[0], new Certificate[] {certificate});
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, new char[0]);
      return KeyCertOptions.wrap(factory);
    } catch (GeneralSecurityException | IOException e) {
      throw Fault.INTERNAL.because("key of node " + nodeId + ": " + e.getMessage(), e);
    }
  }

  /**
   * What to ask of the other end of TLS: a certificate of the mesh's CA. A client has to dial
   * {@link NodeId#host} as TLS peer name and gets that node or an error; a server learns who it is
   * with {@link #peerOf} and has to require client certificates.
   *
   * @throws WeftException PRECONDITION if this node has no CA
   */
  public TrustOptions trust() {
    X509Certificate root =
        ca.orElseThrow(
            () ->
                Fault.PRECONDITION.because(
                    "security.ca: none (expected: the mesh's CA, without which nobody can be trusted)"));
    return TrustOptions.wrap(
        new MeshTrustManager(new X509Certificate[] {root}, check::prove, false));
  }

  /**
   * The node at the other end of a connection made with {@link #trust}; empty if it showed none.
   */
  public static Optional<NodeId> peerOf(SSLSession session) {
    try {
      return Optional.of(NodeId.of(session.getPeerCertificates()[0].getPublicKey()));
    } catch (SSLPeerUnverifiedException noCertificate) {
      return Optional.empty();
    }
  }
}

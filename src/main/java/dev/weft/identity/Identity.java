package dev.weft.identity;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.SecurityConfig;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * This node: its key, its certificate, and what it takes as proof from others. The key is the
 * node's for as long as it runs; the certificate and the CA can be read again, and every option and
 * signature that this class gave out follows.
 */
public final class Identity implements CertificateFiles {
  private final SecurityConfig security;
  private final Supplier<Credentials> files;
  private final NodeId nodeId;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Credentials current;

  private Identity(SecurityConfig security, Supplier<Credentials> files) {
    this.security = security;
    this.files = files;
    this.current = files.get();
    this.nodeId = NodeId.of(current.certificate().getPublicKey());
  }

  /**
   * Reads the files that the configuration names; without any, the node's own key pair in {@code
   * <data>/identity}, which is made when missing.
   *
   * @param dataDir the node's data directory, its lock held
   * @throws WeftException INVALID or UNAUTHENTICATED, with the file and the reason
   */
  public static Identity load(SecurityConfig security, Path dataDir, Clock clock) {
    return new Identity(security, () -> Credentials.read(security, dataDir, clock));
  }

  /** Why {@link #load} would refuse these files, each of them; makes nothing. */
  public static List<WeftException> problems(SecurityConfig security, Clock clock) {
    return Credentials.problems(security, clock);
  }

  @Override
  public List<Path> files() {
    return Stream.of(security.ca(), security.cert(), security.key())
        .flatMap(Optional::stream)
        .toList();
  }

  @Override
  public List<InUse> inUse() {
    Credentials now = current;
    return now.ca()
        .map(
            ca ->
                List.of(
                    new InUse(Role.CA, security.ca().orElseThrow(), CertificateInfo.of(ca)),
                    new InUse(
                        Role.NODE,
                        security.cert().orElseThrow(),
                        CertificateInfo.of(now.certificate()))))
        .orElse(List.of());
  }

  @Override
  public synchronized boolean reload() {
    Credentials read = files.get();
    NodeId id = NodeId.of(read.certificate().getPublicKey());
    if (!id.equals(nodeId)) {
      throw Fault.invalid(
          security.key().map(Path::toString).orElse("key"),
          "the key of node " + id,
          "the key of this node, " + nodeId + "; a restart makes it another node");
    }
    if (read.sameCertificates(current)) {
      return false;
    }
    current = read;
    listeners.forEach(Runnable::run);
    return true;
  }

  /** Runs the listener after {@link #reload} has put another certificate or CA in use. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  public NodeId nodeId() {
    return nodeId;
  }

  /** SHA-256 of the public key's SubjectPublicKeyInfo, 64 hex digits; begins with the node id. */
  public String fingerprint() {
    return Fingerprint.of(current.certificate().getPublicKey());
  }

  /** SHA-256 of the SubjectPublicKeyInfo of this mesh's CA; empty for a node without a CA. */
  public Optional<String> caFingerprint() {
    return current.ca().map(ca -> Fingerprint.of(ca.getPublicKey()));
  }

  public X509Certificate certificate() {
    return current.certificate();
  }

  /** ECDSA with SHA-256, in DER. */
  public byte[] sign(byte[] data) {
    return Keys.sign(current.key(), data);
  }

  /** Whether a CA vouches for this node, so that it can prove itself to others. */
  public boolean trusted() {
    return current.ca().isPresent();
  }

  public Verifier verifier() {
    return current.verifier();
  }

  /** What to show in a TLS handshake, at either end. */
  public KeyCertOptions keyCert() {
    return KeyCertOptions.wrap(keyManager());
  }

  /** What to show in a TLS handshake, at either end, for TLS that is not Vert.x's. */
  public X509ExtendedKeyManager keyManager() {
    return new NodeKeyManager(() -> current);
  }

  /**
   * What to ask of the other end of TLS: a certificate of the mesh's CA. A client has to dial
   * {@link NodeId#host} as TLS peer name and gets that node or an error; a server learns who it is
   * with {@link #peerOf} and has to require client certificates.
   *
   * @throws WeftException PRECONDITION if this node has no CA
   */
  public TrustOptions trust() {
    return trust(MeshTrustManager.Dialled.NODE_ID);
  }

  /** As {@link #trust}, for clients that dial an address and may get any node of the mesh. */
  public TrustOptions trustAnyMember() {
    return trust(MeshTrustManager.Dialled.ANY);
  }

  /**
   * By what a node proves its id over a link: {@code certificate} of a CA, or {@code key} alone.
   */
  public String linkProof() {
    return trusted() ? "certificate" : "key";
  }

  /**
   * What to ask of the other end of a mesh link, either end: a certificate of the mesh's CA;
   * without a CA and with {@code security.insecure}, one that its own key has signed, which proves
   * an id and no membership. A client that dials {@link NodeId#host} gets that node or an error,
   * one that dials any other name gets whichever node is there.
   */
  public X509ExtendedTrustManager linkTrust() {
    return trustManager(MeshTrustManager.Dialled.ID_OR_ANY);
  }

  private TrustOptions trust(MeshTrustManager.Dialled dialled) {
    if (!trusted()) {
      throw Fault.PRECONDITION.because(
          "security.ca: none (expected: the mesh's CA, without which nobody can be trusted)");
    }
    return TrustOptions.wrap(trustManager(dialled));
  }

  private MeshTrustManager trustManager(MeshTrustManager.Dialled dialled) {
    return new MeshTrustManager(
        () -> current.ca().stream().toArray(X509Certificate[]::new),
        certificate -> current.verifier().prove(certificate),
        dialled);
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

package dev.weft.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority.Issued;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityTest {
  private static final Clock NOW = Clock.systemUTC();
  private static final SecurityConfig NONE = security(null, false);
  private static final byte[] DATA = "a record".getBytes(StandardCharsets.UTF_8);

  @TempDir Path dir;
  private CertificateAuthority ca;
  private Issued n1;

  @BeforeEach
  void makeMesh() {
    ca = CertificateAuthority.create(dir.resolve("ca"), "mesh", 10, NOW);
    n1 = ca.issueNode(dir.resolve("n1"), "n1", List.of(), 5);
  }

  @Test
  void shouldHaveTheIdThatItsCertificateNames() {
    Identity identity = load(n1, NOW);

    assertThat(identity.trusted()).isTrue();
    assertThat(n1.info().nodeId()).contains(identity.nodeId());
    assertThat(n1.info().names()).containsExactly(identity.nodeId().host());
    assertThat(identity.fingerprint())
        .hasSize(64)
        .startsWith(identity.nodeId().value())
        .isEqualTo(n1.info().fingerprint());
  }

  @Test
  void shouldVerifyWhatAnotherNodeSigned() throws Exception {
    Identity signer = load(n1, NOW);
    Identity reader = load(ca.issueNode(dir.resolve("n2"), "n2", List.of(), 5), NOW);
    byte[] signature = signer.sign(DATA);
    byte[] certificate = signer.certificate().getEncoded();

    NodeId first = reader.verifier().verify(certificate, DATA, signature);
    NodeId again = reader.verifier().verify(certificate, DATA, signature);

    assertThat(first).isEqualTo(again).isEqualTo(signer.nodeId());
    assertThat(Keys.verify(reader.certificate().getPublicKey(), DATA, signature))
        .as("another key")
        .isFalse();
    assertThatThrownBy(() -> reader.verifier().verify(certificate, new byte[] {1}, signature))
        .hasMessage("signature: not of node " + signer.nodeId() + " over these 1 bytes");
    assertThatThrownBy(() -> reader.verifier().verify(certificate, DATA, new byte[] {1, 2, 3}))
        .hasMessageStartingWith("signature: not of node");
  }

  @Test
  void shouldRefuseTheCertificateOfAForeignMesh() throws Exception {
    CertificateAuthority foreign =
        CertificateAuthority.create(dir.resolve("foreign"), "mesh", 10, NOW);
    Identity stranger = load(foreign.issueNode(dir.resolve("x"), "x", List.of(), 5), NOW);
    byte[] certificate = stranger.certificate().getEncoded();

    WeftException e =
        catchThrowableOfType(
            WeftException.class, () -> load(n1, NOW).verifier().verify(certificate));

    assertThat(e.fault()).isEqualTo(Fault.UNAUTHENTICATED);
    assertThat(e)
        .hasMessageStartingWith(
            "certificate of CN=x (" + stranger.nodeId() + "): not signed by this mesh's CA: ");
  }

  @Test
  void shouldRefuseACachedCertificateOnceItHasExpired() throws Exception {
    SettableClock clock = new SettableClock(NOW.instant());
    Verifier verifier = load(n1, clock).verifier();
    byte[] certificate = load(n1, NOW).certificate().getEncoded();
    verifier.verify(certificate);

    clock.set(NOW.instant().plus(Duration.ofDays(6)));

    assertThatThrownBy(() -> verifier.verify(certificate))
        .hasMessageStartingWith("certificate of CN=n1 (" + load(n1, NOW).nodeId() + "): expired ");
  }

  @Test
  void shouldSayInOneShortLineWhatAForeignCertificateSays() {
    X509Certificate forged =
        new CertificateMaker(NOW).lone(Keys.generate(), "x\\0aERROR " + "y".repeat(5000), 5);

    assertThatThrownBy(() -> load(n1, NOW).verifier().prove(forged))
        .hasMessageStartingWith("certificate of CN=x?ERROR yyy")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(500).doesNotContain("\n"));
  }

  @Test
  void shouldRefuseBytesThatAreNoCertificate() {
    assertThatThrownBy(() -> load(n1, NOW).verifier().verify(DATA))
        .hasMessage("certificate: no certificate (expected: X.509)");
  }

  @Test
  void shouldRefuseTheKeyOfAnotherNode() throws IOException {
    Issued n2 = ca.issueNode(dir.resolve("n2"), "n2", List.of(), 5);
    Files.copy(n2.key(), n1.key(), StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(() -> load(n1, NOW))
        .hasMessage(n1.key() + ": another key (expected: the key of " + n1.cert() + ")");
  }

  @Test
  void shouldRefuseACertificateThatNamesTheIdOfAnotherKey() {
    // Given a CA that signs whatever it is asked to
    KeyPair root = Keys.generate();
    KeyPair thief = Keys.generate();
    NodeId victim = load(n1, NOW).nodeId();
    CertificateMaker maker = new CertificateMaker(NOW);
    X509Certificate careless = maker.authority(root, "mesh", 10);
    X509Certificate stolen =
        maker.node(careless, root.getPrivate(), thief.getPublic(), "n2", List.of(victim.host()), 5);

    assertThatThrownBy(() -> CertificateCheck.signedBy(careless, NOW).prove(stolen))
        .hasMessageContaining(
            "names [" + NodeId.of(thief.getPublic()).host() + ", " + victim.host())
        .hasMessageContaining("the id of its key");
  }

  @Test
  void shouldNameTheFileThatIsMissingOrNoPem() throws IOException {
    Files.delete(n1.cert());
    assertThatThrownBy(() -> load(n1, NOW))
        .hasMessage(n1.cert() + ": no such file (expected: a PEM file)");

    Files.writeString(n1.cert(), "nothing");
    assertThatThrownBy(() -> load(n1, NOW))
        .hasMessage(n1.cert() + ": not PEM (expected: one certificate in PEM)");

    Files.copy(n1.key(), n1.cert(), StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> load(n1, NOW))
        .hasMessage(n1.cert() + ": BEGIN PRIVATE KEY (expected: one certificate in PEM)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r--r--", "rw-rw----", "rw-----w-"})
  void shouldRefuseAKeyThatOthersCanReadOrChange(String mode) throws IOException {
    Files.setPosixFilePermissions(n1.key(), PosixFilePermissions.fromString(mode));

    assertThatThrownBy(() -> load(n1, NOW))
        .hasMessage(
            n1.key()
                + ": mode "
                + mode
                + " (expected: a key that others cannot read, as after chmod 600)");
  }

  @Test
  void shouldRefuseACertificateThatThisCaDidNotSign() throws IOException {
    CertificateAuthority.create(dir.resolve("foreign"), "mesh", 10, NOW);
    Files.copy(dir.resolve("foreign/ca.pem"), n1.ca(), StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(() -> load(n1, NOW))
        .hasMessageStartingWith(
            n1.cert()
                + ": certificate of CN=n1 ("
                + n1.info().nodeId().orElseThrow()
                + "): not signed by this mesh's CA: ");
  }

  @Test
  void shouldRefuseANodesCertificateAsCa() throws IOException {
    Files.copy(n1.cert(), n1.ca(), StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(() -> load(n1, NOW))
        .hasMessage(n1.ca() + ": CN=n1 (expected: a CA's certificate)");
  }

  @Test
  void shouldTellAnExpiredCertificateFromOneThatIsNotYetValid() {
    Clock late = Clock.offset(NOW, Duration.ofDays(6));
    Clock early = Clock.offset(NOW, Duration.ofDays(-3));
    Clock skewed = Clock.offset(NOW, Duration.ofHours(-47));

    assertThatThrownBy(() -> load(n1, late)).hasMessageContaining(": expired ");
    assertThatThrownBy(() -> load(n1, early)).hasMessageContaining(": not yet valid, from ");
    assertThat(load(n1, skewed).trusted()).isTrue();
  }

  @Test
  void shouldNotOutliveItsCa() {
    Clock late = Clock.offset(NOW, Duration.ofDays(8));
    Issued renewed =
        CertificateAuthority.load(dir.resolve("ca"), NOW)
            .issueNode(dir.resolve("n1"), "n1", List.of(), 9);
    assertThat(load(renewed, late).trusted()).isTrue();

    assertThatThrownBy(() -> load(renewed, Clock.offset(NOW, Duration.ofDays(11))))
        .hasMessageContaining(": expired ");
  }

  @Test
  void shouldKeepTheIdOfANodeAloneAcrossRestartsAndExpiry() throws IOException {
    Identity first = Identity.load(NONE, dir, NOW);
    Identity second = Identity.load(NONE, dir, NOW);
    Identity decadesLater = Identity.load(NONE, dir, Clock.offset(NOW, Duration.ofDays(8000)));
    Files.delete(dir.resolve("identity/cert.pem"));
    Identity withoutCertificate = Identity.load(NONE, dir, NOW);

    assertThat(first.trusted()).isFalse();
    assertThat(List.of(second.nodeId(), decadesLater.nodeId(), withoutCertificate.nodeId()))
        .containsOnly(first.nodeId());
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(dir.resolve("identity/key.pem"))))
        .isEqualTo("rw-------");
  }

  @Test
  void shouldNotBecomeANewNodeWhenItsKeyIsLost() throws IOException {
    Identity.load(NONE, dir, NOW);
    Path key = dir.resolve("identity/key.pem");
    Files.delete(key);

    assertThatThrownBy(() -> Identity.load(NONE, dir, NOW))
        .hasMessageStartingWith(key + ": no such file (expected: the key of ");
    assertThat(key).doesNotExist();
  }

  @Test
  void shouldTrustNobodyWithoutACa() throws Exception {
    Identity alone = Identity.load(NONE, dir.resolve("a"), NOW);
    Identity other = Identity.load(NONE, dir.resolve("b"), NOW);
    byte[] own = alone.certificate().getEncoded();
    byte[] foreign = other.certificate().getEncoded();

    assertThat(alone.verifier().verify(own)).isEqualTo(alone.nodeId());
    assertThatThrownBy(() -> alone.verifier().verify(foreign)).hasMessageContaining("no CA");
    assertThatThrownBy(alone::trust)
        .hasMessageStartingWith("security.ca: none (expected: the mesh's CA");
  }

  @Test
  void shouldKnowSelfSignedNodesByTheirKeyWhenInsecure() throws Exception {
    Identity insecure = Identity.load(security(null, true), dir.resolve("a"), NOW);
    Identity other = Identity.load(NONE, dir.resolve("b"), NOW);

    assertThat(insecure.verifier().verify(other.certificate().getEncoded()))
        .isEqualTo(other.nodeId());
    assertThatThrownBy(() -> insecure.verifier().verify(load(n1, NOW).certificate().getEncoded()))
        .as("not signed by its own key")
        .isInstanceOf(WeftException.class);
  }

  @Test
  void shouldReadANodeIdOnlyInItsForm() {
    NodeId id = new NodeId("0123456789abcdef");

    assertThat(NodeId.ofHost(id.host())).contains(id);
    for (String host : new String[] {"0123456789abcdef", "n1.weft", "0123456789ABCDEF.weft", ""}) {
      assertThat(NodeId.ofHost(host)).as(host).isEmpty();
    }
    assertThatThrownBy(() -> new NodeId("n1"))
        .hasMessage("node id: n1 (expected: 16 lower case hex digits)");
  }

  private Identity load(Issued files, Clock clock) {
    return Identity.load(security(files, false), dir, clock);
  }

  static SecurityConfig security(Issued files, boolean insecure) {
    Optional<Issued> given = Optional.ofNullable(files);
    return new SecurityConfig(
        given.map(Issued::ca), given.map(Issued::cert), given.map(Issued::key), insecure);
  }
}

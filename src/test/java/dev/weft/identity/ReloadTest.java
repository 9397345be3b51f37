package dev.weft.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.identity.CertificateAuthority.Issued;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Files that change while a node runs. */
class ReloadTest {
  private static final byte[] DATA = {1, 2, 3};

  @TempDir Path dir;
  private final SettableClock clock = new SettableClock(Instant.parse("2026-03-01T00:00:00Z"));
  private CertificateAuthority ca;
  private Issued files;
  private Identity identity;

  @BeforeEach
  void makeNode() {
    ca = CertificateAuthority.create(dir.resolve("ca"), "mesh", 100, clock);
    files = ca.issueNode(dir.resolve("n1"), "n1", List.of(), 10);
    identity = Identity.load(IdentityTest.security(files, false), dir, clock);
  }

  @Test
  void shouldUseARenewedCertificateAsTheSameNode() throws Exception {
    Identity reader =
        Identity.load(
            IdentityTest.security(ca.issueNode(dir.resolve("n2"), "n2", List.of(), 90), false),
            dir,
            clock);
    X509Certificate before = identity.certificate();
    NodeId id = identity.nodeId();
    clock.set(clock.instant().plus(Duration.ofDays(9)));
    ca.issueNode(dir.resolve("n1"), "n1", List.of(), 20);

    boolean changed = identity.reload();

    clock.set(clock.instant().plus(Duration.ofDays(9)));
    assertThat(changed).isTrue();
    assertThat(identity.nodeId()).isEqualTo(id);
    assertThat(identity.certificate()).isNotEqualTo(before);
    assertThat(
            reader
                .verifier()
                .verify(identity.certificate().getEncoded(), DATA, identity.sign(DATA)))
        .as("signer by the renewed certificate, after the first one expired")
        .isEqualTo(id);
  }

  @Test
  void shouldTellListenersOfAChangeAlone() {
    AtomicInteger told = new AtomicInteger();
    identity.onChange(told::incrementAndGet);

    boolean same = identity.reload();
    ca.issueNode(dir.resolve("n1"), "n1", List.of(), 20);
    boolean renewed = identity.reload();

    assertThat(same).isFalse();
    assertThat(renewed).isTrue();
    assertThat(told).hasValue(1);
  }

  @Test
  void shouldTrustAnotherCaOnceAllThreeFilesFit() throws Exception {
    CertificateAuthority next = CertificateAuthority.create(dir.resolve("ca2"), "next", 100, clock);
    Identity member =
        Identity.load(
            IdentityTest.security(next.issueNode(dir.resolve("n2"), "n2", List.of(), 9), false),
            dir,
            clock);
    byte[] shown = member.certificate().getEncoded();
    assertThatThrownBy(() -> identity.verifier().verify(shown)).hasMessageContaining("not signed");

    next.issueNode(dir.resolve("n1"), "n1", List.of(), 9);
    identity.reload();

    assertThat(identity.verifier().verify(shown)).isEqualTo(member.nodeId());
  }

  /** How the files of a node go wrong, and what the refusal names. */
  private record Fault(String name, Consumer<ReloadTest> damage, String file, String reason) {}

  @TestFactory
  Stream<DynamicTest> shouldKeepWhatIsInUseWhen() {
    return Stream.of(
            new Fault("another key", ReloadTest::replaceNode, "n1.key", "expected: the key of"),
            new Fault("the key of another node", ReloadTest::replaceKey, "n1.key", "another key"),
            new Fault("another CA signed", ReloadTest::signByAnother, "n1.pem", "not signed by"),
            new Fault("expired", ReloadTest::expire, "n1.pem", "expired"),
            new Fault("half-written", ReloadTest::cut, "n1.pem", "not PEM"),
            new Fault("missing", t -> t.delete(t.files.cert()), "n1.pem", "no such file"),
            new Fault("CA missing", t -> t.delete(t.files.ca()), "ca.pem", "no such file"),
            new Fault("key for all to read", ReloadTest::openKey, "n1.key", "mode rw-r--r--"))
        .map(fault -> DynamicTest.dynamicTest(fault.name(), () -> assertKept(fault)));
  }

  private void assertKept(Fault fault) throws IOException {
    clock.set(Instant.parse("2026-03-01T00:00:00Z"));
    Path made = dir.resolve("n1");
    try (Stream<Path> old = Files.list(made)) {
      old.forEach(this::delete);
    }
    makeFresh();
    X509Certificate before = identity.certificate();

    fault.damage().accept(this);

    assertThatThrownBy(() -> identity.reload())
        .hasMessageContaining(made.resolve(fault.file()).toString())
        .hasMessageContaining(fault.reason());
    assertThat(identity.certificate()).isSameAs(before);
  }

  private void makeFresh() {
    files = ca.issueNode(dir.resolve("n1"), "n1", List.of(), 10);
    identity = Identity.load(IdentityTest.security(files, false), dir, clock);
  }

  private void replaceNode() {
    delete(files.key());
    delete(files.cert());
    ca.issueNode(dir.resolve("n1"), "n1", List.of(), 10);
  }

  private void replaceKey() {
    Issued other = ca.issueNode(dir.resolve("other"), "other", List.of(), 10);
    copy(other.key(), files.key());
  }

  private void signByAnother() {
    Path caFile = dir.resolve("ca-kept.pem");
    copy(files.ca(), caFile);
    CertificateAuthority.create(dir.resolve("ca-of-others"), "others", 100, clock)
        .issueNode(dir.resolve("n1"), "n1", List.of(), 10);
    copy(caFile, files.ca());
  }

  private void expire() {
    ca.issueNode(dir.resolve("n1"), "n1", List.of(), 5);
    clock.set(clock.instant().plus(Duration.ofDays(6)));
  }

  private void cut() {
    try {
      String whole = Files.readString(files.cert());
      Files.writeString(files.cert(), whole.substring(0, whole.length() / 2));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void openKey() {
    try {
      Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-r--r--"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) {
    try {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

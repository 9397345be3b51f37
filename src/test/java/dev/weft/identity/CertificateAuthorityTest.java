package dev.weft.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.identity.CertificateAuthority.Issued;
import dev.weft.identity.CertificateInfo.Validity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateAuthorityTest {
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  @TempDir Path dir;

  @Test
  void shouldSayWhatACertificateSays() {
    CertificateAuthority ca = CertificateAuthority.create(dir, "mesh", 10, CLOCK);
    Issued issued =
        ca.issueNode(dir.resolve("n1"), "n1", List.of("n1.example", "10.0.0.1", "2001:db8::1"), 5);

    CertificateInfo info = CertificateInfo.read(issued.cert());

    assertThat(info).isEqualTo(issued.info());
    assertThat(info.subject()).isEqualTo("CN=n1");
    assertThat(info.issuer()).isEqualTo("CN=mesh");
    assertThat(info.notBefore()).isEqualTo(NOW.minus(Duration.ofDays(2)));
    assertThat(info.notAfter()).isEqualTo(NOW.plus(Duration.ofDays(5)));
    assertThat(info.names())
        .containsExactly(
            info.nodeId().orElseThrow().host(), "n1.example", "10.0.0.1", "2001:db8:0:0:0:0:0:1");
    assertThat(info.at(NOW)).isEqualTo(Validity.VALID);
    assertThat(info.at(info.notBefore().minusSeconds(1))).isEqualTo(Validity.NOT_YET_VALID);
    assertThat(info.at(info.notAfter().plusSeconds(1))).isEqualTo(Validity.EXPIRED);
    assertThat(CertificateInfo.read(issued.ca())).isEqualTo(ca.info());
    assertThat(ca.info().nodeId()).isEmpty();
  }

  @Test
  void shouldKeepTheNodeWhenRenewing() throws IOException {
    CertificateAuthority ca = CertificateAuthority.create(dir, "mesh", 100, CLOCK);
    Issued first = ca.issueNode(dir.resolve("n1"), "n1", List.of(), 5);
    Files.delete(first.cert());

    Clock later = Clock.offset(CLOCK, Duration.ofDays(4));
    Issued renewed =
        CertificateAuthority.load(dir, later)
            .issueNode(dir.resolve("n1"), "n1", List.of("n1.example"), 50);

    assertThat(first.renewed()).isFalse();
    assertThat(renewed.renewed()).isTrue();
    assertThat(renewed.info().nodeId()).isEqualTo(first.info().nodeId());
    assertThat(renewed.info().notAfter()).isEqualTo(NOW.plus(Duration.ofDays(54)));
  }

  @Test
  void shouldKeepKeysFromOthersAndLeaveNothingElse() throws IOException {
    CertificateAuthority ca = CertificateAuthority.create(dir.resolve("ca"), "mesh", 10, CLOCK);
    Issued issued = ca.issueNode(dir.resolve("n1"), "n1", List.of(), 5);

    for (Path key : List.of(issued.key(), dir.resolve("ca/ca.key"))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
          .isEqualTo("rw-------");
    }
    assertThat(dir.resolve("n1"))
        .isDirectoryContaining("glob:**/n1.pem")
        .isDirectoryContaining("glob:**/n1.key")
        .isDirectoryContaining("glob:**/ca.pem");
    try (var files = Files.list(dir.resolve("n1"))) {
      assertThat(files).hasSize(3);
    }
  }

  @Test
  void shouldNotOverwriteACa() {
    CertificateAuthority first = CertificateAuthority.create(dir, "mesh", 10, CLOCK);

    assertThatThrownBy(() -> CertificateAuthority.create(dir, "other", 10, CLOCK))
        .hasMessage(dir.resolve("ca.key") + ": exists (expected: no key to be overwritten)");
    assertThat(CertificateAuthority.load(dir, CLOCK).info()).isEqualTo(first.info());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 11})
  void shouldKeepANodesDaysWithinTheCas(int days) {
    CertificateAuthority ca = CertificateAuthority.create(dir, "mesh", 10, CLOCK);

    assertThatThrownBy(() -> ca.issueNode(dir, "n1", List.of(), days))
        .hasMessage("days: " + days + " (expected: 1..10, the CA ends 2026-06-11T12:00:00Z)");
  }

  @Test
  void shouldNotIssueOnceTheCaHasExpired() {
    CertificateAuthority.create(dir, "mesh", 10, CLOCK);
    CertificateAuthority late =
        CertificateAuthority.load(dir, Clock.offset(CLOCK, Duration.ofDays(20)));

    assertThatThrownBy(() -> late.issueNode(dir, "n1", List.of(), 1))
        .hasMessage("days: 1 (expected: a CA that is valid, the CA ends 2026-06-11T12:00:00Z)");
    assertThatThrownBy(() -> CertificateAuthority.create(dir.resolve("b"), "mesh", 10951, CLOCK))
        .hasMessage("days: 10951 (expected: 1..10950)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ca", "-n", "a/b", "n,O=x", "../n"})
  void shouldRefuseANameThatIsNoFileName(String name) {
    CertificateAuthority ca = CertificateAuthority.create(dir, "mesh", 10, CLOCK);

    assertThatThrownBy(() -> ca.issueNode(dir, name, List.of(), 5))
        .hasMessageStartingWith("name: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0123456789abcdef.weft", "n1:80", "a b", "10.0.0.256", "*"})
  void shouldRefuseAnAddressThatIsNone(String address) {
    CertificateAuthority ca = CertificateAuthority.create(dir, "mesh", 10, CLOCK);

    assertThatThrownBy(() -> ca.issueNode(dir, "n1", List.of(address), 5))
        .hasMessage(
            "address: " + address + " (expected: a host name outside .weft, or an IP address)");
    assertThat(dir.resolve("n1.key")).doesNotExist();
  }
}

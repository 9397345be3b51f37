package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.config.ConfigFile;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.CertificateAuthority.Issued;
import dev.weft.identity.CertificateFiles;
import dev.weft.identity.Identity;
import dev.weft.telemetry.Health;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person is told of a node's certificates. */
class CertificateWatchTest {
  private static final Clock NOW = Clock.systemUTC();

  @TempDir Path dir;
  private final Vertx vertx = Vertx.vertx();
  private final Health health = new Health();
  private final AtomicInteger changes = new AtomicInteger();
  private CertificateAuthority ca;

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void shouldBeSilentWhileEverythingIsValidForLong() throws Exception {
    watch(node(3650, 100), NOW);

    assertThat(warnings()).isEmpty();
  }

  @Test
  void shouldWarnThirtyDaysBeforeACertificateExpires() throws Exception {
    Issued node = node(3650, 29);

    watch(node, NOW);

    assertThat(warnings())
        .singleElement()
        .satisfies(
            w -> {
              assertThat(w.code()).isEqualTo("certificate-expires");
              assertThat(w.text())
                  .contains(
                      node.cert().toString(), node.info().notAfter().toString(), "in 28 days");
              assertThat(w.affects()).contains("no node accepts");
              assertThat(w.action()).contains("weft cert node");
            });
  }

  @Test
  void shouldWarnBeforeTheCaExpires() throws Exception {
    Issued node = node(20, 10);

    watch(node, NOW);

    assertThat(warnings())
        .extracting(Health.Warning::code)
        .containsExactly("ca-expires", "certificate-expires");
  }

  @Test
  void shouldSayThatACertificateHasExpired() throws Exception {
    Issued node = node(3650, 10);
    Identity identity = load(node, NOW);

    watch(identity, Clock.offset(NOW, Duration.ofDays(11)));

    assertThat(warnings())
        .singleElement()
        .satisfies(
            w -> {
              assertThat(w.code()).isEqualTo("certificate-expired");
              assertThat(w.text()).contains("expired " + node.info().notAfter());
            });
  }

  @Test
  void shouldReadARenewedCertificateWithoutBeingTold() throws Exception {
    Issued node = node(3650, 10);
    Identity identity = load(node, NOW);
    watch(identity, NOW);

    Issued renewed = ca.issueNode(dir.resolve("n1"), "n1", List.of(), 100);

    await().atMost(Duration.ofSeconds(20)).until(() -> warnings().isEmpty());
    assertThat(identity.certificate().getNotAfter().toInstant())
        .isEqualTo(renewed.info().notAfter());
    assertThat(changes.get()).as("told that connections are to be made anew").isPositive();
  }

  @Test
  void shouldShowWhyAFileIsRefusedUntilItFits() throws Exception {
    Issued node = node(3650, 100);
    Identity identity = load(node, NOW);
    watch(identity, NOW);
    String whole = Files.readString(node.cert());

    Files.writeString(node.cert(), "-----BEGIN CERT");

    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(warnings())
                    .singleElement()
                    .satisfies(
                        w -> {
                          assertThat(w.code()).isEqualTo("certificate-refused");
                          assertThat(w.text()).contains(node.cert() + ": not PEM");
                        }));
    Files.writeString(node.cert(), whole);
    await().atMost(Duration.ofSeconds(20)).until(() -> warnings().isEmpty());
  }

  @Test
  void shouldShowWhateverAFileIsRefusedFor() {
    CertificateFiles broken =
        new CertificateFiles() {
          @Override
          public List<Path> files() {
            return List.of(dir.resolve("ca.pem"));
          }

          @Override
          public List<InUse> inUse() {
            return List.of();
          }

          @Override
          public boolean reload() {
            throw new IllegalStateException("no provider for EC");
          }
        };

    new CertificateWatch(vertx, health, NOW, List.of(broken), changes::incrementAndGet).start();

    assertThat(warnings()).extracting(Health.Warning::text).containsExactly("no provider for EC");
  }

  private Issued node(int caDays, int days) {
    ca = CertificateAuthority.create(dir.resolve("ca"), "mesh", caDays, NOW);
    return ca.issueNode(dir.resolve("n1"), "n1", List.of(), days);
  }

  private Identity load(Issued node, Clock clock) {
    String files = "security: { ca: %s, cert: %s, key: %s }";
    SecurityConfig security =
        ConfigFile.parse(files.formatted(node.ca(), node.cert(), node.key()), Map.of()).security();
    return Identity.load(security, dir, clock);
  }

  private void watch(Issued node, Clock clock) throws Exception {
    watch(load(node, clock), clock);
  }

  private void watch(Identity identity, Clock clock) throws Exception {
    CertificateWatch watch =
        new CertificateWatch(vertx, health, clock, List.of(identity), changes::incrementAndGet);
    watch.start();
    watch.reload().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private List<Health.Warning> warnings() {
    return health.rooms().stream().flatMap(room -> room.warnings().stream()).toList();
  }
}

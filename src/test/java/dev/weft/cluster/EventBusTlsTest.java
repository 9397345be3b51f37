package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.config.ConfigFile;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.CertificateAuthority.Issued;
import dev.weft.identity.Identity;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventBusTlsTest {
  @TempDir Path dir;
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldWarnAndStartWhereTheEventBusIsNotAsExpected() {
    Health health = new Health();
    health.state(ClusterNode.ROOM, Health.State.READY);

    // An event bus that is not clustered has none of the expected parts.
    Future<Void> followed = EventBusTls.follow(vertx, identity(), health);

    Awaitility.await().atMost(Duration.ofSeconds(10)).until(followed::succeeded);
    assertThat(health.rooms().get(0).warnings())
        .extracting(Health.Warning::code)
        .containsExactly("event-bus-certificates");
  }

  private Identity identity() {
    Issued node =
        CertificateAuthority.create(dir.resolve("ca"), "mesh", 100, Clock.systemUTC())
            .issueNode(dir.resolve("n1"), "n1", List.of(), 10);
    String text = "security: { ca: %s, cert: %s, key: %s }";
    return Identity.load(
        ConfigFile.parse(text.formatted(node.ca(), node.cert(), node.key()), Map.of()).security(),
        dir,
        Clock.systemUTC());
  }
}

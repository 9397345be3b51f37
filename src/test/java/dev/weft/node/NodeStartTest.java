package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.ConfigFile;
import dev.weft.store.DataDirectory;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeStartTest {
  @TempDir Path dir;

  @Test
  void shouldLetGoOfTheDataDirectoryWhenItsCertificateCannotBeRead() {
    String text =
        """
        node: { name: n1, data: %1$s/data }
        security: { ca: %1$s/ca.pem, cert: %1$s/n1.pem, key: %1$s/n1.key }
        """;

    Future<Node> started =
        Node.start(ConfigFile.parse(text.formatted(dir), Map.of()), Clock.systemUTC());

    Awaitility.await().atMost(Duration.ofSeconds(10)).until(started::isComplete);
    assertThat(started.cause())
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.INVALID))
        .hasMessageContaining("no such file");
    DataDirectory.lock(dir.resolve("data")).close();
  }
}

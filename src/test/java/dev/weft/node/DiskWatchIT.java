package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.config.ConfigFile;
import dev.weft.telemetry.Health;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is too full for what a node writes. */
@Needs(Need.ROOT)
class DiskWatchIT {
  private static final Duration WITHIN = Duration.ofSeconds(20);

  private final Vertx vertx = Vertx.vertx();
  private final Health health = new Health();

  @TempDir Path disk;

  @BeforeEach
  void makeASmallDisk() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString());
  }

  @AfterEach
  void removeIt() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().join();
    run("umount", disk.toString());
  }

  @Test
  void shouldBeSaidBeforeTheNodeStarts() {
    String config = "node: { name: n1, data: %s/data }".formatted(disk);

    assertThat(Preflight.problems(ConfigFile.parse(config, Map.of()), Clock.systemUTC()))
        .containsExactly(
            "node.data: %s/data: 1024 KiB free on its disk (expected: 16 MiB or more)"
                .formatted(disk));
  }

  @Test
  void shouldShowInTheHealthUntilThereIsRoom() throws Exception {
    DiskWatch watch = new DiskWatch(vertx, health, disk);
    watch.start();
    await()
        .atMost(WITHIN)
        .untilAsserted(
            () ->
                assertThat(warnings())
                    .singleElement()
                    .asString()
                    .contains("disk-full", disk.toString()));

    run("mount", "-o", "remount,size=64m", disk.toString());
    await().atMost(WITHIN).untilAsserted(() -> assertThat(warnings()).isEmpty());
    watch.close();
  }

  private List<Health.Warning> warnings() {
    return health.rooms().get(0).warnings();
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
  }
}

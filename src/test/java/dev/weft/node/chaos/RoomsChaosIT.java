package dev.weft.node.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pods, links, routes and connections are asked for and taken back, while nodes are killed,
 * stopped, frozen and cut off: what was acknowledged is there, at each node and in the kernel, and
 * nothing else. A history is repeated by {@code -Dchaos.seed}.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.PYTHON_GRPC})
class RoomsChaosIT {
  @TempDir Path directory;

  @Test
  void shouldHaveWhatWasAcknowledgedAndNothingElse() throws Exception {
    run(Long.getLong("chaos.seed", 1), 2, Duration.ofSeconds(3));
  }

  @Test
  @Tag("long")
  void shouldHaveWhatWasAcknowledgedAndNothingElseForLong() throws Exception {
    run(
        Long.getLong("chaos.seed", System.nanoTime() % 100_000),
        Integer.getInteger("chaos.steps", 60),
        Duration.ofSeconds(12));
  }

  private void run(long seed, int steps, Duration longest) throws Exception {
    try (ChaosLab lab = ChaosLab.start(directory)) {
      History history = new History(lab, seed, longest);
      try {
        for (int step = 1; step <= steps; step++) {
          history.step(step);
        }
        history.end();
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "seed " + seed + ":\n" + String.join("\n", history.lines()) + "\n" + e.getMessage(), e);
      }
      assertThat(history.lines()).isNotEmpty();
    }
  }
}

package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Whether a command stays until what it asked for is there. */
final class WaitOptions {
  private static final Duration LOOK_EVERY = Duration.ofMillis(200);

  @Option(names = "--wait", description = "Wait until it is done, or fail and say what is missing.")
  private boolean wait;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "How long --wait waits (default: ${DEFAULT-VALUE}).")
  private int seconds;

  /**
   * The answer with which nothing was missing any more; the first one unless it is to be waited
   * for.
   *
   * @param missing what an answer lacks; empty if nothing
   */
  JsonNode until(Supplier<JsonNode> ask, Function<JsonNode, Optional<String>> missing) {
    long deadline = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    JsonNode answer = ask.get();
    while (wait) {
      Optional<String> lack = missing.apply(answer);
      if (lack.isEmpty()) {
        break;
      }
      if (System.nanoTime() > deadline) {
        throw new RequestFailed("not within " + seconds + " s: " + lack.get());
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      answer = ask.get();
    }
    return answer;
  }

  boolean wanted() {
    return wait;
  }
}

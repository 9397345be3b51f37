package dev.weft.cli;

import dev.weft.node.Closing;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a node part by part. Each takes as long as it must, and says so; one that hangs does not
 * keep the others from closing.
 */
final class Shutdown {
  private static final Logger log = LoggerFactory.getLogger(Shutdown.class);

  private final Duration step;
  private final Runnable stillStopping;

  /**
   * @param step how often to say what is waited for
   * @param stillStopping runs as often
   */
  Shutdown(Duration step, Runnable stillStopping) {
    this.step = step;
    this.stillStopping = stillStopping;
  }

  /**
   * Closes them all.
   *
   * @param parts begins to close the next part; empty when all are closed
   * @return whether each closed in its time
   */
  boolean close(Supplier<Optional<Closing>> parts) throws InterruptedException {
    boolean all = true;
    for (Optional<Closing> next = parts.get(); next.isPresent(); next = parts.get()) {
      all &= close(next.get());
    }
    return all;
  }

  private boolean close(Closing closing) throws InterruptedException {
    long began = System.nanoTime();
    while (true) {
      Duration waited = Duration.ofNanos(System.nanoTime() - began);
      Duration left = closing.atMost().minus(waited);
      if (left.isNegative()) {
        log.warn("{} not closed within {} s", closing.part(), closing.atMost().toSeconds());
        return false;
      }
      try {
        long nanos = Math.min(step.toNanos(), left.toNanos() + 1);
        closing.done().toCompletionStage().toCompletableFuture().get(nanos, TimeUnit.NANOSECONDS);
        return true;
      } catch (ExecutionException e) {
        return false;
      } catch (TimeoutException e) {
        stillStopping.run();
        log.info("still stopping: {}", closing.part());
      }
    }
  }
}

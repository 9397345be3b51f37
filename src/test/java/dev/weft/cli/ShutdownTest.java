package dev.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.node.Closing;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class ShutdownTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  private int waits;

  /** When it was waited for so often, the slow part is closed. */
  private final Promise<Void> slow = Promise.promise();

  private final Shutdown shutdown =
      new Shutdown(
          Duration.ofMillis(5),
          () -> {
            if (++waits == 3) {
              slow.complete();
            }
          });

  private boolean close(Closing... parts) throws InterruptedException {
    Queue<Closing> rest = new ArrayDeque<>(List.of(parts));
    boolean closed = shutdown.close(() -> Optional.ofNullable(rest.poll()));
    assertThat(rest).isEmpty();
    return closed;
  }

  @Test
  void shouldWaitForAPartAsLongAsItTakes() throws Exception {
    boolean closed =
        close(
            new Closing("wire", LONG, slow.future()),
            new Closing("store", LONG, Future.succeededFuture()));

    assertThat(closed).isTrue();
    assertThat(waits).as("how often it was said what is waited for").isEqualTo(3);
  }

  @Test
  void shouldCloseTheOthersWhenOneHangs() throws Exception {
    boolean closed =
        close(
            new Closing("cluster", Duration.ofMillis(20), Promise.<Void>promise().future()),
            new Closing("store", LONG, Future.succeededFuture()));

    assertThat(closed).isFalse();
  }
}

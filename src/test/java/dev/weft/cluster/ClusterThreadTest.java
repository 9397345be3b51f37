package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClusterThreadTest {
  private final ClusterThread thread = new ClusterThread();

  @AfterEach
  void stop() {
    thread.stop();
  }

  @Test
  void shouldAnswerTheCallerWhateverIsThrown() {
    Future<Object> answer =
        thread.call(
            () -> {
              throw new StackOverflowError("too deep");
            });

    Awaitility.await().atMost(Duration.ofSeconds(10)).until(answer::isComplete);
    assertThat(answer.cause()).hasMessage("too deep");
  }

  @Test
  void shouldRepeatWorkWhateverItThrows() throws Exception {
    CountDownLatch runs = new CountDownLatch(2);

    thread.every(
        Duration.ofMillis(1),
        () -> {
          runs.countDown();
          throw new StackOverflowError("too deep");
        });

    assertThat(runs.await(10, TimeUnit.SECONDS)).isTrue();
  }
}

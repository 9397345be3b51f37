package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
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
  void shouldAnswerOnTheCallersContext() throws Exception {
    Vertx vertx = Vertx.vertx();
    try {
      Context caller = vertx.getOrCreateContext();
      CompletableFuture<Context> answered = new CompletableFuture<>();

      caller.runOnContext(
          v ->
              thread
                  .call(() -> "")
                  .onComplete(answer -> answered.complete(Vertx.currentContext())));

      assertThat(answered.get(10, TimeUnit.SECONDS)).isSameAs(caller);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
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

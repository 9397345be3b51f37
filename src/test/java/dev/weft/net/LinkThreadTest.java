package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinkThreadTest {
  private final Vertx vertx = Vertx.vertx();
  private final LinkThread links = new LinkThread(vertx);

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void shouldTellEachRoomOfItsRemovalOnItsOwnEventLoop() throws Exception {
    Context one = eventLoop();
    Context other = eventLoop();
    CountDownLatch busy = hold();

    CompletableFuture<Context> toldOne = removeFrom(one);
    CompletableFuture<Context> toldOther = removeFrom(other);
    busy.countDown();

    assertThat(toldOne.get(10, TimeUnit.SECONDS)).isEqualTo(one);
    assertThat(toldOther.get(10, TimeUnit.SECONDS)).isEqualTo(other);
  }

  @Test
  void shouldAnswerAllRemovalsThatItMadeTogether() throws Exception {
    Context room = eventLoop();
    CountDownLatch first = hold();
    CompletableFuture<Context> one = removeFrom(room);
    CountDownLatch second = hold();
    CompletableFuture<Context> other = removeFrom(room);

    first.countDown();

    assertThat(one.get(10, TimeUnit.SECONDS)).isEqualTo(room);
    assertThat(other).as("behind a change that still runs").succeedsWithin(10, TimeUnit.SECONDS);
    second.countDown();
  }

  /** Keeps the thread busy with a change until the latch is open. */
  private CountDownLatch hold() {
    CountDownLatch busy = new CountDownLatch(1);
    links.change(
        at -> {
          try {
            return busy.await(30, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    return busy;
  }

  /** Asks for a removal and returns when it waits; the result is where the answer came. */
  private CompletableFuture<Context> removeFrom(Context context) throws Exception {
    CompletableFuture<Context> told = new CompletableFuture<>();
    CompletableFuture<Void> asked = new CompletableFuture<>();
    context.runOnContext(
        v -> {
          links
              .remove("weft:test", List.of())
              .onComplete(done -> told.complete(Vertx.currentContext()));
          asked.complete(null);
        });
    asked.get(10, TimeUnit.SECONDS);
    return told;
  }

  private Context eventLoop() throws Exception {
    Promise<Context> deployed = Promise.promise();
    vertx
        .deployVerticle(
            context -> {
              deployed.complete(context);
              return deployed.future();
            })
        .onFailure(deployed::tryFail);
    return deployed.future().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}

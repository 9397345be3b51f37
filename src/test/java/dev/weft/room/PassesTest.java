package dev.weft.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PassesTest {
  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();

  /** Every pass that began; a test ends them. */
  private final List<Promise<Void>> begun = new CopyOnWriteArrayList<>();

  private final Passes passes =
      new Passes(
          vertx,
          () -> {
            Promise<Void> pass = Promise.promise();
            begun.add(pass);
            return pass.future();
          },
          new Backoff(Duration.ofMillis(50), Duration.ofSeconds(1), new Random(1)));

  @AfterEach
  void close() throws Exception {
    vertx.close().await(5, TimeUnit.SECONDS);
  }

  /** Runs it on the passes' event loop. */
  private <T> T on(Callable<T> work) throws Exception {
    Promise<T> done = Promise.promise();
    loop.runOnContext(
        v -> {
          try {
            done.complete(work.call());
          } catch (Exception e) {
            done.fail(e);
          }
        });
    return done.future().await(5, TimeUnit.SECONDS);
  }

  private Future<Void> ask() throws Exception {
    return on(passes::ask);
  }

  private void end(int pass) throws Exception {
    on(() -> begun.get(pass).tryComplete());
  }

  private void fail(int pass, String why) throws Exception {
    on(() -> begun.get(pass).tryFail(why));
  }

  @Test
  void shouldBeginOneAtATime() throws Exception {
    ask();
    ask();
    assertThat(begun).hasSize(1);

    end(0);

    assertThat(begun).hasSize(2);
  }

  @Test
  void shouldShareTheNextPassAmongThoseWhoAskDuringOne() throws Exception {
    Future<Void> first = ask();
    List<Future<Void>> during = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      during.add(ask());
    }

    end(0);
    assertThat(first.succeeded()).isTrue();
    assertThat(during).noneMatch(Future::isComplete);
    end(1);

    assertThat(during).allMatch(Future::succeeded);
    assertThat(begun).hasSize(2);
  }

  @Test
  void shouldTellThoseWhoAskedThatTheirPassFailed() throws Exception {
    Future<Void> asked = ask();

    fail(0, "no pods known");

    assertThat(asked.cause()).hasMessage("no pods known");
  }

  @Test
  void shouldRepeatAPassThatFailedUntilOneSucceeds() throws Exception {
    ask();
    fail(0, "first");
    await().until(() -> begun.size() == 2);
    fail(1, "second");
    await().until(() -> begun.size() == 3);
    end(2);

    await().during(Duration.ofMillis(300)).until(() -> begun.size() == 3);
  }

  @Test
  void shouldWaitBeforeItRepeats() throws Exception {
    ask();
    long failed = System.nanoTime();
    fail(0, "first");

    await().pollInterval(Duration.ofMillis(1)).until(() -> begun.size() == 2);
    assertThat(Duration.ofNanos(System.nanoTime() - failed))
        .isGreaterThanOrEqualTo(Duration.ofMillis(40));
  }

  @Test
  void shouldNotRepeatWhatAnotherPassCameBefore() throws Exception {
    ask();
    fail(0, "first");
    ask();
    end(1);

    await().during(Duration.ofMillis(300)).until(() -> begun.size() == 2);
  }

  @Test
  void shouldTakeAnExceptionForAFailedPass() throws Exception {
    Passes throwing =
        new Passes(
            vertx,
            () -> {
              throw new IllegalStateException("a defect");
            },
            new Backoff(new Random(1)));

    Future<Void> asked = on(throwing::ask);

    assertThat(asked.cause()).hasMessage("a defect");
    on(throwing::stop);
  }

  @Test
  void shouldBeginNoneOnceStopped() throws Exception {
    Future<Void> first = ask();
    Future<Void> next = ask();
    Future<Void> stopped = on(passes::stop);
    assertThat(next.isComplete()).isTrue();
    assertThat(stopped.isComplete()).isFalse();

    fail(0, "late");

    assertThat(first.isComplete()).isTrue();
    assertThat(stopped.succeeded()).isTrue();
    assertThat(ask().isComplete()).isTrue();
    await().during(Duration.ofMillis(200)).until(() -> begun.size() == 1);
  }

  @Test
  void shouldNotRepeatOnceStopped() throws Exception {
    ask();
    fail(0, "first");

    assertThat(on(passes::stop).succeeded()).isTrue();

    await().during(Duration.ofMillis(200)).until(() -> begun.size() == 1);
  }
}

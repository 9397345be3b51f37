package dev.weft.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RoomThreadTest {
  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();
  private final RoomThread thread = new RoomThread(loop);
  private Thread home;

  @BeforeEach
  void findHome() throws Exception {
    home = on(() -> Future.succeededFuture(Thread.currentThread()));
  }

  @AfterEach
  void close() throws Exception {
    vertx.close().await(5, TimeUnit.SECONDS);
  }

  /** The result of what begins on the room's event loop. */
  private <T> T on(Supplier<Future<T>> work) throws Exception {
    Promise<T> done = Promise.promise();
    loop.runOnContext(v -> work.get().onComplete(done));
    return done.future().await(5, TimeUnit.SECONDS);
  }

  /** The thread on which a future completes. */
  private static Future<Thread> completes(Future<?> future) {
    return future.transform(done -> Future.succeededFuture(Thread.currentThread()));
  }

  @Test
  void shouldTellOfATimeoutOnTheRoomsEventLoop() throws Exception {
    Future<Void> never = Promise.<Void>promise().future();

    Future<Void> answer = thread.within(Duration.ofMillis(10), never);

    assertThat(completes(answer).await(5, TimeUnit.SECONDS)).isSameAs(home);
    assertThat(answer.cause())
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.TIMEOUT))
        .hasMessage("no answer within 10 ms");
  }

  @Test
  void shouldRunACallOnTheRoomsEventLoop() throws Exception {
    Future<Thread> called = thread.call(() -> Future.succeededFuture(Thread.currentThread()));

    assertThat(called.await(5, TimeUnit.SECONDS)).isSameAs(home);
  }

  @Test
  void shouldAnswerACallerWithWhateverIsThrown() {
    Future<Void> called =
        thread.call(
            () -> {
              throw new IllegalStateException("a defect");
            });

    assertThatThrownBy(() -> called.await(5, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.INTERNAL))
        .hasMessage("a defect");
  }

  @Test
  void shouldAnswerACallerWithAnErrorToo() {
    Future<Void> called =
        thread.call(
            () -> {
              throw new AssertionError("cannot be");
            });

    assertThatThrownBy(() -> called.await(5, TimeUnit.SECONDS)).hasMessage("cannot be");
  }

  @Test
  void shouldAnswerACallerThatIsGivenNoFuture() {
    Future<Void> called = thread.call(() -> null);

    assertThatThrownBy(() -> called.await(5, TimeUnit.SECONDS)).isInstanceOf(WeftException.class);
  }

  @Test
  void shouldKeepAFaultAsItIs() {
    Future<Void> called =
        thread.call(() -> Future.failedFuture(Fault.NOT_FOUND.because("no wire")));

    assertThatThrownBy(() -> called.await(5, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.NOT_FOUND));
  }

  @Test
  void shouldBlockOnAnotherThreadAndComeHome() throws Exception {
    assertThat(on(() -> thread.blocking(Thread::currentThread))).isNotSameAs(home);
    assertThat(on(() -> completes(thread.blocking(() -> 1)))).isSameAs(home);
    assertThat(on(() -> completes(thread.serial(() -> 1)))).isSameAs(home);
  }

  @Test
  void shouldBringHomeWhatAnotherThreadCompletes() throws Exception {
    Promise<Integer> away = Promise.promise();
    Future<Thread> completed = completes(thread.home(away.future()));
    new Thread(() -> away.complete(1)).start();

    assertThat(completed.await(5, TimeUnit.SECONDS)).isSameAs(home);
  }

  @Test
  void shouldEndATurnAtHomeWhereverItsWorkEnds() throws Exception {
    Promise<Integer> away = Promise.promise();
    Future<Thread> completed = thread.call(() -> completes(thread.inOrder("key", away::future)));
    new Thread(() -> away.complete(1)).start();

    assertThat(completed.await(5, TimeUnit.SECONDS)).isSameAs(home);
  }

  @Test
  void shouldRunSerialWorkInTheOrderOfAsking() throws Exception {
    List<Integer> ran = new ArrayList<>();
    on(
        () -> {
          List<Future<Boolean>> all = new ArrayList<>();
          for (int i = 0; i < 100; i++) {
            int number = i;
            all.add(thread.serial(() -> ran.add(number)));
          }
          return Future.all(all);
        });

    assertThat(ran).hasSize(100).isSorted();
  }

  @Test
  void shouldKeepTheOrderOfAKeyAlsoAfterFailures() throws Exception {
    List<String> ran = new ArrayList<>();
    Promise<Void> first = Promise.promise();
    on(
        () -> {
          thread.inOrder("a", () -> ran(ran, "first", first.future()));
          thread.inOrder(
              "a",
              () -> {
                ran.add("second");
                throw new IllegalStateException("a defect");
              });
          Future<Void> last =
              thread.inOrder("a", () -> ran(ran, "third", Future.succeededFuture()));
          thread.inOrder("b", () -> ran(ran, "other key", Future.succeededFuture()));
          loop.runOnContext(v -> first.fail("it went wrong"));
          return last;
        });

    assertThat(ran).containsExactly("first", "other key", "second", "third");
  }

  private static Future<Void> ran(List<String> ran, String name, Future<Void> result) {
    ran.add(name);
    return result;
  }
}

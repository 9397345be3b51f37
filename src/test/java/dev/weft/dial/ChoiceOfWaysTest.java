package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.Loop;
import dev.weft.rpc.MemoryConnection;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two ways to one node, which fail and come back, and a clock that the test moves. */
class ChoiceOfWaysTest {
  private static final String NODE = "0123456789abcdef";

  private final Vertx vertx = Vertx.vertx();
  private final Loop loop = Loop.of(vertx);
  private final GrpcListener peer = new GrpcListener(vertx);
  private final AtomicInteger legs = CountedLegs.at(peer);
  private final SimulatedTimer clock = new SimulatedTimer();
  private final FakeWay direct = new FakeWay("direct");
  private final FakeWay mesh = new FakeWay("mesh");
  private final NodeDial dial = new NodeDial(vertx, List.of(direct, mesh), clock, clock::now);

  private final class FakeWay implements Way {
    private final String kind;
    private final List<MemoryConnection> made = new CopyOnWriteArrayList<>();
    private final AtomicInteger attempts = new AtomicInteger();
    private volatile boolean leads = true;

    /** What an attempt waits for, or fails with. */
    private volatile Future<Void> answer = Future.succeededFuture();

    FakeWay(String kind) {
      this.kind = kind;
    }

    void fails(String why) {
      answer = Future.failedFuture(Fault.UNAVAILABLE.because(why));
    }

    void works() {
      answer = Future.succeededFuture();
    }

    /** All its connections are lost, and no others are made. */
    void breaks() {
      fails("it broke");
      made.forEach(MemoryConnection::close);
    }

    @Override
    public String kind() {
      return kind;
    }

    @Override
    public boolean leadsTo(String nodeId) {
      return leads;
    }

    @Override
    public Future<? extends RpcConnection> connect(String nodeId, Loop on) {
      attempts.incrementAndGet();
      return answer.map(
          v -> {
            MemoryConnection connection =
                new MemoryConnection(peer, Caller.member("n1", "127.0.0.1"), on, Loop.of(vertx));
            made.add(connection);
            return connection;
          });
    }
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private OutStream open() {
    return await(dial.stream(NODE, CountedLegs.PATH, loop).timeout(10, TimeUnit.SECONDS));
  }

  private String way() {
    return dial.way(NODE).map(WayState::kind).orElse("none");
  }

  private void awaitWay(String kind) {
    Awaitility.await().untilAsserted(() -> assertThat(way()).isEqualTo(kind));
  }

  /** Moves the clock until the way is this one. */
  private void passUntil(String kind, Duration limit) {
    long from = clock.now();
    Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              clock.pass(Duration.ofMillis(100));
              return way().equals(kind);
            });
    assertThat(Duration.ofNanos(clock.now() - from)).isLessThan(limit);
  }

  @Test
  void shouldTakeTheBestWay() {
    open();

    assertThat(dial.way(NODE)).hasValue(new WayState("direct", null));
    assertThat(mesh.attempts).hasValue(0);
  }

  @Test
  void shouldTakeTheNextWayAtOnceWhenTheBestFails() {
    direct.fails("refused");

    open();

    assertThat(dial.way(NODE)).hasValue(new WayState("mesh", "refused"));
  }

  @Test
  void shouldTryTheNextWayBesideOneThatIsSlow() {
    Promise<Void> slow = Promise.promise();
    direct.answer = slow.future();

    Future<OutStream> opening = dial.stream(NODE, CountedLegs.PATH, loop);
    assertThat(mesh.attempts).hasValue(0);
    clock.pass(Attempts.HEAD_START);
    await(opening);

    assertThat(way()).isEqualTo("mesh");
  }

  @Test
  void shouldCloseAConnectionThatComesTooLate() {
    Promise<Void> slow = Promise.promise();
    direct.answer = slow.future();
    Future<OutStream> opening = dial.stream(NODE, CountedLegs.PATH, loop);
    clock.pass(Attempts.HEAD_START);
    await(opening);

    slow.complete();

    await(direct.made.get(0).lost());
    assertThat(way()).isEqualTo("mesh");
  }

  @Test
  void shouldSayOfEachWayWhyItFails() {
    direct.fails("refused");
    mesh.fails("no answer");

    assertThatThrownBy(this::open).hasMessageContaining("refused; no answer");
  }

  @Test
  void shouldMoveToABetterWayOnceItAnswers() {
    direct.fails("refused");
    OutStream stream = open();
    clock.pass(Duration.ofSeconds(20));
    assertThat(way()).isEqualTo("mesh");

    direct.works();
    passUntil("direct", Duration.ofSeconds(6));

    Awaitility.await().until(() -> legs.get() == 2);
    assertThat(dial.way(NODE)).hasValue(new WayState("direct", null));
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldGoOnOverTheNextWayWhenTheBestIsLost() {
    OutStream stream = open();
    Awaitility.await().until(() -> legs.get() == 1);

    direct.breaks();

    awaitWay("mesh");
    Awaitility.await().until(() -> legs.get() == 2);
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldGoThereAndBackAgain() {
    OutStream stream = open();
    for (int i = 0; i < 5; i++) {
      int leg = 2 * i + 1;
      Awaitility.await().until(() -> legs.get() == leg);
      direct.breaks();
      awaitWay("mesh");
      Awaitility.await().until(() -> legs.get() == leg + 1);
      direct.works();
      clock.pass(WayChoice.STEADY);
      passUntil("direct", Duration.ofSeconds(6));
      clock.pass(WayChoice.STEADY);
    }

    Awaitility.await().until(() -> legs.get() == 11);
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldLetAWayAloneThatBreaksAgainAndAgain() {
    open();
    int taken = 0;
    for (long start = clock.now(); clock.now() - start < Duration.ofMinutes(10).toNanos(); ) {
      if (way().equals("direct")) {
        taken++;
        direct.breaks();
        awaitWay("mesh");
        direct.works();
      }
      clock.pass(Duration.ofSeconds(1));
    }

    // Rests of 5, 10, 20, 40, 80, 160 and 300 s, less a fifth.
    assertThat(taken).isBetween(4, 10);
  }

  @Test
  void shouldTryAgainAtOnceWhenTheMemberChanges() {
    open();
    direct.breaks();
    awaitWay("mesh");
    direct.works();
    assertThat(way()).isEqualTo("mesh");

    dial.changed(NODE);

    awaitWay("direct");
  }

  @Test
  void shouldEndAStreamWhoseOnlyWayIsLost() {
    mesh.leads = false;
    OutStream stream = open();

    direct.breaks();

    assertThatThrownBy(() -> await(stream.ended())).hasMessageContaining("connection lost");
  }

  @Test
  void shouldEndAStreamWhenNoWayIsLeft() {
    OutStream stream = open();
    mesh.fails("no answer");

    direct.breaks();

    assertThatThrownBy(() -> await(stream.ended())).hasMessageContaining("connection lost");
  }

  @Test
  void shouldGoOnOverTheBestWayWhenTheOtherIsLost() {
    direct.fails("refused");
    OutStream stream = open();
    direct.works();
    dial.changed(NODE);
    awaitWay("direct");

    mesh.breaks();

    assertThat(stream.ended().isComplete()).isFalse();
    assertThat(way()).isEqualTo("direct");
  }
}

package dev.weft.wire.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.cluster.Cluster;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.telemetry.Metrics;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.path.DropCause;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.WireEnds;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** On a node that lacks a capability, so that no kernel takes part. */
class KeptWiresTest {
  private static final WireSpec SPEC =
      new WireSpec(
          "0123456789abcdef",
          "default",
          1,
          WireKind.GRPC,
          1500,
          new WireSpec.End(new PodRef("default", "r1"), "eth1", null, "a"),
          new WireSpec.End(new PodRef("default", "r2"), "eth1", null, "b"));

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = new Bus(vertx, "a", new TestSigner("a"));
  private final Metrics metrics = new Metrics();
  private final RoomThread thread = new RoomThread(vertx.getOrCreateContext());
  private final MemoryStore store = new MemoryStore();
  private final WireRoom room =
      new WireRoom(
          new RoomContext(bus, aloneAs("a"), store, null, metrics, Clock.systemUTC()),
          vertx,
          thread,
          null,
          null,
          new Random(1),
          PacketWriter.Peer.VNET,
          List.of("CAP_NET_ADMIN"));
  private final KeptWires wires = wires(wire -> Future.succeededFuture());

  private static Cluster aloneAs(String node) {
    return (Cluster)
        Proxy.newProxyInstance(
            Cluster.class.getClassLoader(),
            new Class<?>[] {Cluster.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "self" -> node;
                  case "member" -> Optional.empty();
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private KeptWires wires(WireWork work) {
    return new KeptWires(room, work, new MadePlaces(new MemoryStore()));
  }

  @AfterEach
  void close() {
    await(vertx.close());
    metrics.close();
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private <T> Future<T> call(Supplier<Future<T>> work) {
    return thread.call(work);
  }

  private void servePods() {
    servePods((proxy, method, arguments) -> Future.succeededFuture(List.of()));
  }

  private void servePods(InvocationHandler answers) {
    Pods pods =
        (Pods)
            Proxy.newProxyInstance(
                Pods.class.getClassLoader(), new Class<?>[] {Pods.class}, answers);
    await(call(() -> bus.serve(Pods.class, pods)));
  }

  @Test
  void shouldKeepAWireThatIsPutWhileItIsRemoved() {
    servePods();
    await(call(() -> wires.put(SPEC)));

    Future<Void> removed = call(() -> wires.remove(SPEC.id()));
    Future<WireStatus> put = call(() -> wires.put(SPEC));
    await(Future.all(removed, put));

    assertThat(await(call(() -> Future.succeededFuture(wires.ids())))).containsExactly(SPEC.id());
  }

  @Test
  void shouldRemoveAWireWhosePeerDoesNotAnswer() {
    servePods();
    Promise<Void> answer = Promise.promise();
    KeptWires waiting = wires(wire -> wire.unlessStopped(answer.future()));
    await(call(() -> waiting.put(SPEC)));

    await(call(() -> waiting.remove(SPEC.id())).timeout(20, TimeUnit.SECONDS));

    assertThat(await(call(() -> Future.succeededFuture(waiting.ids())))).isEmpty();
  }

  @Test
  void shouldAskForThePodsOnceForAllWiresThatAreKicked() {
    List<String> asked = new CopyOnWriteArrayList<>();
    servePods(
        (proxy, method, arguments) -> {
          asked.add(method.getName());
          // The passes wait, so that none is repeated.
          return method.getName().equals("all")
              ? Promise.promise().future()
              : Future.succeededFuture(List.of());
        });
    for (int i = 0; i < 100; i++) {
      WireSpec.End local = new WireSpec.End(new PodRef("default", "r1"), "eth" + i, null, "a");
      WireSpec.End peer = new WireSpec.End(new PodRef("default", "r2"), "eth" + i, null, "b");
      String id = "%016x".formatted(i);
      WireSpec spec = new WireSpec(id, "default", i, WireKind.GRPC, 1500, local, peer);
      await(store.put("wires", id, Json.write(spec)));
    }
    KeptWires kept = wires(new WireAssembler(room, null, null, null, false));
    await(call(kept::load));

    await(
        call(
            () -> {
              kept.kick(spec -> true);
              // Answered after what was asked before.
              return bus.proxy(Pods.class).local();
            }));

    assertThat(asked).containsExactly("all", "local");
  }

  @Test
  void shouldCountTheWiresOfOtherProgramsToo() {
    ForeignEnds three =
        (ForeignEnds)
            Proxy.newProxyInstance(
                ForeignEnds.class.getClassLoader(),
                new Class<?>[] {ForeignEnds.class},
                (proxy, method, arguments) -> 3);
    WireMeters.register(metrics.registry(), wires, three, new WireEnds());

    await(call(() -> wires.put(SPEC)));

    assertThat(metrics.registry().get("weft_wires").gauge().value()).isEqualTo(4);
  }

  @Test
  void shouldTellDropsByTheirCause() {
    await(call(() -> wires.put(SPEC)));
    Wire wire = wires.find(SPEC.id()).orElseThrow();

    wire.received().dropped(DropCause.TOO_LONG, 2);
    wire.received().dropped(DropCause.QUEUE, 1);

    assertThat(drops("received", "too_long")).isEqualTo(2);
    assertThat(drops("received", "queue")).isEqualTo(1);
    assertThat(drops("sent", "queue")).isZero();
    assertThat(wire.status().received().drops()).isEqualTo(3);
  }

  @Test
  void shouldCutAWireInPlaceAndMendItBeforeThatIsKept() {
    servePods();
    List<String> done = new CopyOnWriteArrayList<>();
    KeptWires kept =
        wires(
            new WireWork() {
              @Override
              public Future<Void> pass(Wire wire) {
                return Future.succeededFuture();
              }

              @Override
              public Future<Void> mend(Wire wire) {
                done.add("mended while the store has cut " + stored().cut());
                return Future.succeededFuture();
              }
            });
    await(call(() -> kept.put(SPEC)));
    Wire wire = kept.find(SPEC.id()).orElseThrow();

    WireStatus cut = await(call(() -> kept.put(SPEC.withCut(true))));
    assertThat(cut.state() + ": " + cut.reason()).isEqualTo("down: cut by command");
    assertThat(stored().cut()).isTrue();
    WireStatus mended = await(call(() -> kept.put(SPEC)));

    assertThat(mended.state()).isEqualTo(WireState.JOINING);
    assertThat(done).containsExactly("mended while the store has cut true");
    assertThat(stored()).isEqualTo(SPEC);
    assertThat(kept.find(SPEC.id())).as("the same wire, whose streams go on").containsSame(wire);
  }

  private WireSpec stored() {
    return Json.read(await(store.get("wires", SPEC.id())).orElseThrow(), WireSpec.class);
  }

  private double drops(String direction, String cause) {
    return metrics
        .registry()
        .get("weft_wire_drops")
        .tags("direction", direction, "cause", cause)
        .functionCounter()
        .count();
  }

  @Test
  void shouldBringUpAWireAgainThatCouldNotBeRemoved() {
    await(call(() -> wires.put(SPEC)));
    assertThatThrownBy(() -> await(call(() -> wires.remove(SPEC.id())))).isNotNull();

    WireStatus status = await(call(() -> wires.put(SPEC)));

    assertThat(status.state()).isEqualTo(WireState.JOINING);
  }
}

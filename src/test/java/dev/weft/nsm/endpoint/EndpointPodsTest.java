package dev.weft.nsm.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.cluster.Cluster;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionAddresses;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EndpointPodsTest {
  private static final String SELF = "00000000000000a1";
  private static final PodRef OWN = PodRef.parse("nsm-endpoints/ns-17");
  private static final EndpointAttachment THERE = new EndpointAttachment("e1", 17, List.of());

  private final Vertx vertx = Vertx.vertx();
  private final RoomThread thread = new RoomThread(vertx.getOrCreateContext());
  private final SlowPods registered = new SlowPods();
  private final EndpointPods pods =
      new EndpointPods(
          SELF,
          thread,
          registered,
          new Connections(
              new RoomContext(
                  new Bus(vertx, SELF, new TestSigner(SELF)),
                  cluster(),
                  new MemoryStore(),
                  null,
                  null,
                  Clock.systemUTC()),
              new ConnectionAddresses(Cidr.parse("10.44.0.0/16"), Optional.empty(), 0)));

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldRegisterAPodAgainWhoseRemovalIsUnderWay() {
    // Given
    registered.put(OWN, "e1");
    thread.run(() -> pods.release(ended()));
    await("the removal").until(() -> registered.removals.size() == 1);

    // When
    Promise<Void> made = Promise.promise();
    Future<Void> with = thread.call(() -> pods.with(THERE, pod -> made.future()));
    registered.removals.get(0).complete();

    // Then
    await("it is registered again").until(() -> registered.local.size() == 1);
    made.complete();
    with.toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldKeepAPodWhileAConnectionThatNeedsItIsMade() {
    // Given
    Promise<Void> made = Promise.promise();
    Future<Void> with = thread.call(() -> pods.with(THERE, pod -> made.future()));
    await("it is registered").until(() -> registered.local.size() == 1);

    // When
    thread.call(() -> pods.release(ended())).toCompletionStage().toCompletableFuture().join();

    // Then
    assertThat(registered.removals).isEmpty();
    made.fail("the endpoint refused");
    await("nothing needs it").until(() -> registered.removals.size() == 1);
    assertThat(with.failed()).isTrue();
  }

  private static Connection ended() {
    return new Connection(
        "00000000000000c1",
        "uid-1",
        "echo",
        List.of(),
        RequestedInterface.DEFAULT,
        Instant.EPOCH,
        new Connection.Client("b1", PodRef.parse("c1"), null, 0, "echo", null),
        new Connection.Target(SELF, "", "e1", "e1", 17, OWN, "nsm1"),
        new Connection.Link(Mechanism.WIRE, "10.44.0.0/30", null, List.of(), 1500, 0, null, null));
  }

  private static Cluster cluster() {
    return (Cluster)
        Proxy.newProxyInstance(
            Cluster.class.getClassLoader(),
            new Class<?>[] {Cluster.class},
            (proxy, method, arguments) -> SELF);
  }

  /** A removal takes as long as the test wants. */
  private static final class SlowPods implements Pods {
    private final List<Pod> local = new CopyOnWriteArrayList<>();
    private final List<Promise<Void>> removals = new CopyOnWriteArrayList<>();

    @Override
    public Future<Pod> put(PodRef ref, String netns) {
      Pod pod = new Pod(ref, SELF, netns, 17, 1, null);
      local.add(pod);
      return Future.succeededFuture(pod);
    }

    @Override
    public Future<Void> remove(PodRef ref) {
      Promise<Void> removal = Promise.promise();
      removals.add(removal);
      return removal.future().onSuccess(v -> local.removeIf(pod -> pod.ref().equals(ref)));
    }

    @Override
    public Future<List<Pod>> local() {
      return Future.succeededFuture(List.copyOf(local));
    }

    @Override
    public Future<List<Pod>> all() {
      return local();
    }

    @Override
    public Future<List<Pod>> away() {
      return Future.succeededFuture(List.of());
    }
  }
}

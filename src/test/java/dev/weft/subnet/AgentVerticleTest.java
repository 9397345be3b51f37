package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.CommonTable;
import dev.weft.cluster.OwnedTable;
import dev.weft.room.RoomContext;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AgentVerticleTest {
  private static final Cidr RANGE = Cidr.parse("10.42.0.0/16");
  private static final Duration GRACE = Duration.ofHours(1);

  private final Vertx vertx = Vertx.vertx();

  /** Keys of heartbeats that were removed. */
  private final List<String> forgotten = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    vertx.close();
  }

  @Test
  void shouldLeaseAnAgentTheSubnetThatAMemberWouldTake() throws Exception {
    // Given: every part is leased, the first to a node that left before the grace time
    MemoryLeases leases = new MemoryLeases();
    Cluster members = leases.seenBy("a");
    for (int i = 0; i < leases.range.size(); i++) {
      String holder = i == 0 ? "gone" : "there" + i;
      leases.give(leases.range.part(i).toString(), holder);
      if (i > 0) {
        leases.members.add(holder);
      }
    }
    AtomicLong nanos = new AtomicLong();
    LeaseKeeper keeper =
        new LeaseKeeper(
            members,
            leases,
            new MemoryStore(),
            leases.range,
            new Absences(members, GRACE, nanos::get),
            Optional::empty);
    leases.give(leases.range.part(1).toString(), "a");
    done(keeper.settle(0));
    nanos.addAndGet(GRACE.toNanos() + 1);
    Bus bus = new Bus(vertx, "a", new TestSigner("a"));
    Subnets subnets =
        stub(
            Subnets.class,
            (method, arguments) -> keeper.lease((String) arguments[0]).map(Cidr::toString));
    done(bus.serve(Subnets.class, subnets));
    done(vertx.deployVerticle(new AgentVerticle(room(bus), List.of(RANGE))));

    // When
    Agents.Registered registered =
        done(bus.proxy(Agents.class).register(new Agents.Registration("h", "192.0.2.7", 1, 1L)));

    // Then
    assertThat(registered.subnet()).isEqualTo("10.42.1.0/24");
  }

  @Test
  void shouldForgetTheHeartbeatOfAnAgentThatAnotherMemberDeregistered() throws Exception {
    // Given registrations that are gone at once
    Bus bus = new Bus(vertx, "a", new TestSigner("a"));
    done(
        bus.serve(
            Subnets.class,
            stub(Subnets.class, (method, arguments) -> Future.succeededFuture("10.42.1.0/24"))));
    done(vertx.deployVerticle(new AgentVerticle(room(bus), List.of(RANGE))));

    // When
    Agents.Registered registered =
        done(bus.proxy(Agents.class).register(new Agents.Registration("h", "192.0.2.7", 1, 1L)));

    // Then
    await().untilAsserted(() -> assertThat(forgotten).containsExactly(registered.nodeId()));
  }

  @Test
  void shouldRefuseAnAddressThatOnlyAPodCanHave() throws Exception {
    Bus bus = new Bus(vertx, "a", new TestSigner("a"));
    done(vertx.deployVerticle(new AgentVerticle(room(bus), List.of(RANGE))));

    Future<Agents.Registered> registered =
        bus.proxy(Agents.class).register(new Agents.Registration("h", "10.42.3.10", 1, 1L));

    await().until(registered::isComplete);
    assertThat(registered.cause())
        .hasMessage(
            "host_ip: 10.42.3.10 (expected: an address that a host has, not one of the pods'"
                + " 10.42.0.0/16)");
  }

  private RoomContext room(Bus bus) {
    CommonTable nodes =
        stub(
            CommonTable.class,
            (method, arguments) ->
                method.equals("rows") ? new TreeMap<>() : Future.succeededFuture());
    OwnedTable others =
        stub(
            OwnedTable.class,
            (method, arguments) -> {
              if (method.equals("remove")) {
                forgotten.add((String) arguments[0]);
              }
              return method.equals("rows") ? List.of() : Future.succeededFuture();
            });
    Cluster cluster =
        stub(Cluster.class, (method, arguments) -> method.equals("common") ? nodes : others);
    return new RoomContext(bus, cluster, new MemoryStore(), null, null, Clock.systemUTC());
  }

  private interface Behaviour {
    Object of(String method, Object[] arguments);
  }

  private static <T> T stub(Class<T> type, Behaviour behaviour) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> behaviour.of(method.getName(), arguments)));
  }

  private static <T> T done(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}

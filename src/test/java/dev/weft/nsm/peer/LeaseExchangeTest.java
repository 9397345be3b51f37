package dev.weft.nsm.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.cluster.Cluster;
import dev.weft.dial.Dial;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionAddresses;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.proto.LeaseState;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomContext;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a node does about another node's answer. */
class LeaseExchangeTest {
  private static final String SELF = "00000000000000a1";
  private static final String ONE = "00000000000000b1";
  private static final String OTHER = "00000000000000b2";
  private static final Clock NOW = Clock.systemUTC();

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = new Bus(vertx, SELF, new TestSigner(SELF));
  private final MemoryStore store = new MemoryStore();
  private final Connections connections = connections();
  private final List<ConnectionEntry> lost = new ArrayList<>();

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldLoseAConnectionThatTheOtherNodeDoesNotKnow() {
    ConnectionEntry entry = standing("00000000000000c1", ONE);

    renew("00000000000000c1");

    assertThat(lost).containsExactly(entry);
  }

  @Test
  void shouldNotLoseAConnectionOnTheWordOfANodeThatHasNoEndOfIt() {
    standing("00000000000000c1", ONE);
    ConnectionEntry second = standing("00000000000000c2", OTHER);

    renew("00000000000000c2");

    assertThat(lost).as("only its own node's word counts, once").containsExactly(second);
  }

  @Test
  void shouldWaitForTheClientsHalfOfANewConnection() {
    made(connections, ONE, SELF);

    renew(connections, "00000000000000c1", Duration.ofSeconds(24));
    assertThat(lost).isEmpty();

    renew(connections, "00000000000000c1", Duration.ofSeconds(26));
    assertThat(lost).as("the client's node has given up by then").hasSize(1);
  }

  @Test
  void shouldNotWaitForTheClientsHalfOfOneThatIsOlderThanTheNodesStart() {
    connections.keep(made(connections, ONE, SELF));
    Connections restarted = connections();
    restarted.load(refs -> Future.succeededFuture(Map.of()));

    renew(restarted, "00000000000000c1", Duration.ofSeconds(6));

    assertThat(lost).containsExactlyElementsOf(restarted.all());
  }

  private Connections connections() {
    return new Connections(
        new RoomContext(bus, as(Cluster.class, SELF), store, null, null, NOW),
        new ConnectionAddresses(Cidr.parse("10.44.0.0/16"), Optional.empty(), 0));
  }

  /** Every node answers that it does not know this connection. */
  private void renew(String unknown) {
    renew(connections, unknown, Duration.ofMinutes(1));
  }

  private void renew(Connections of, String unknown, Duration after) {
    Dial dial =
        as(Dial.class, Future.succeededFuture(LeaseState.newBuilder().addUnknown(unknown).build()));
    Clock later = Clock.offset(NOW, after);
    new LeaseExchange(SELF, of, new PeerClient(dial, null), later).renew(lost::add);
  }

  private ConnectionEntry standing(String id, String endpointNode) {
    ConnectionEntry entry = connections.enter(connection(id, SELF, endpointNode));
    connections.joined(entry, List.of());
    return entry;
  }

  private static ConnectionEntry made(Connections in, String client, String endpoint) {
    ConnectionEntry entry = in.enter(connection("00000000000000c1", client, endpoint));
    in.joined(entry, List.of());
    return entry;
  }

  private static Connection connection(String id, String client, String endpoint) {
    return new Connection(
        id,
        "uid-1",
        "echo",
        List.of(),
        RequestedInterface.DEFAULT,
        NOW.instant(),
        new Connection.Client(client, PodRef.parse("c1"), "c1", 17, "echo" + id.charAt(15), null),
        new Connection.Target(endpoint, "", "e1", "e1", 18, PodRef.parse("e1"), "nsm" + id),
        new Connection.Link(Mechanism.WIRE, "10.44.0.0/30", null, List.of(), 1500, 0, null, null));
  }

  /** An object whose every method gives the same answer. */
  private static <T> T as(Class<T> type, Object answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> answer));
  }
}

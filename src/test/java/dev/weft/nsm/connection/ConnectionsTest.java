package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.cluster.Cluster;
import dev.weft.nsm.ConnectionHop;
import dev.weft.nsm.ConnectionState;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomContext;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  private static final String SELF = "00000000000000a1";

  /** As a node wrote it that knew namespaces by their inode numbers. */
  private static final String OLD =
      """
      {"id":"00000000000000c1","requestId":"uid-1","service":"echo","asked":[],
       "agreed":{"type":"KERNEL_INTERFACE","preference":"NO_PREFERENCE"},
       "since":"2026-11-01T10:00:00Z",
       "client":{"node":"00000000000000a1","pod":"default/c1","netns":"c1","inode":4026532384,
         "identity":17,"intf":"echo"},
       "endpoint":{"node":"00000000000000a1","namespace":"default","provider":"e1","netns":"e1",
         "inode":4026532385,"intf":"nsm000000000000"},
       "link":{"carrier":"veth","prefix":"10.44.0.0/30","routes":[],"mtu":1500,"vni":0}}
      """;

  private static Cluster cluster() {
    return (Cluster)
        Proxy.newProxyInstance(
            Cluster.class.getClassLoader(),
            new Class<?>[] {Cluster.class},
            (proxy, method, arguments) -> {
              assertThat(method.getName()).isEqualTo("self");
              return SELF;
            });
  }

  private final Vertx vertx = Vertx.vertx();
  private final MemoryStore store = new MemoryStore();
  private final Connections connections =
      new Connections(
          new RoomContext(
              new Bus(vertx, SELF, new TestSigner(SELF)),
              cluster(),
              store,
              null,
              null,
              Clock.systemUTC()),
          new ConnectionAddresses(Cidr.parse("10.44.0.0/16"), Optional.empty(), 0));
  private final Set<String> lookedUp = new HashSet<>();

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldLookUpTheNamespacesThatAnOlderNodeKnewByInodeNumbers() {
    store.put("connections", "00000000000000c1", OLD);

    load(Map.of("e1", 18L));

    Connection c = connections.require("00000000000000c1").connection();
    assertThat(lookedUp).containsExactly("e1");
    assertThat(c.client().identity()).isEqualTo(17);
    assertThat(c.endpoint().identity()).isEqualTo(18);
  }

  @Test
  void shouldNotTakeTheInodeNumberOfAnOlderNodeForAnIdentity() {
    store.put("connections", "00000000000000c1", OLD);

    load(Map.of("e1", 18L));

    Cidr prefix = Cidr.parse("10.44.0.0/30");
    assertThat(connections.usesIn(18, prefix, "other")).isTrue();
    assertThat(connections.usesIn(4026532385L, prefix, "other")).isFalse();
    assertThat(connections.nameTaken(17, "echo")).isTrue();
    assertThat(connections.nameTaken(4026532384L, "echo")).isFalse();
  }

  @Test
  void shouldFindAConnectionAgainWhoseReplacementFailed() {
    store.put("connections", "00000000000000c1", OLD);
    load(Map.of("e1", 18L));
    ConnectionEntry former = connections.require("00000000000000c1");
    Connections.Key key = Connections.Key.of(former.connection());
    ConnectionEntry next = connections.enter(withId(former.connection(), "00000000000000c2"));

    connections.remove(next);
    connections.restoreKey(former);

    assertThat(connections.find(key)).containsSame(former);
  }

  @Test
  void shouldOccupyTheNewAddressesOfAConnectionAndNotTheOldOnes() {
    store.put("connections", "00000000000000c1", OLD);
    load(Map.of("e1", 18L));
    ConnectionEntry entry = connections.require("00000000000000c1");

    connections.change(entry, at(entry.connection(), "10.44.0.8/30"));
    List<Cidr> free = connections.addresses().take(3, p -> true);

    assertThat(free)
        .containsExactlyElementsOf(cidrs("10.44.0.0/30", "10.44.0.4/30", "10.44.0.12/30"));
    assertThat(connections.usesIn(17, Cidr.parse("10.44.0.8/30"), "other")).isTrue();
    assertThat(connections.usesIn(17, Cidr.parse("10.44.0.0/30"), "other")).isFalse();
  }

  @Test
  void shouldCountConnectionsThatAreBeingMadeToo() {
    store.put("connections", "00000000000000c1", OLD);
    load(Map.of("e1", 18L));
    PodRef pod = PodRef.parse("default/c1");

    connections.making(pod, 3);
    connections.making(pod, 3);

    assertThatThrownBy(() -> connections.making(pod, 3))
        .hasMessage("pod default/c1: 3 connections (expected: fewer)");
    connections.made(pod);
    connections.making(pod, 3);
    connections.making(PodRef.parse("default/c2"), 3);
  }

  @Test
  void shouldSayThatAChainIsUpOnlyWhileAllItsHopsAre() {
    List<String> told = new ArrayList<>();
    ConnectionEntry chain = connections.enter(ofChain("00000000000000c1"));
    connections.onNews((entry, change) -> told.add(change.happened() + " " + change.reason()));
    connections.on(chain, (life, now) -> life.wayUp(now).joined(now));
    assertThat(chain.state()).isEqualTo(ConnectionState.JOINING);

    connections.onTail(chain, tail(true, null, "v1"));
    connections.onTail(chain, tail(false, "hop 2 (vpn): healing", "v1"));
    connections.onTail(chain, tail(true, null, "v2"));
    connections.on(chain, (life, now) -> life.lost("e1 is gone", now));
    connections.on(chain, ConnectionLife::begun);
    connections.on(chain, (life, now) -> life.wayUp(now).joined(now));

    assertThat(chain.up().isComplete()).isFalse();
    assertThat(told)
        .containsExactly(
            "up null",
            "healing hop 2 (vpn): healing",
            "moved null",
            "healing e1 is gone",
            "healing its further hops are joined again");
  }

  private Connection ofChain(String id) {
    store.put("connections", "00000000000000c1", OLD);
    load(Map.of("e1", 18L));
    ConnectionEntry former = connections.require("00000000000000c1");
    connections.remove(former);
    return withId(former.connection(), id)
        .at(ChainHop.first("secure", List.of("firewall", "vpn")).rooted(id, SELF));
  }

  private static ChainTail tail(boolean up, String reason, String provider) {
    ConnectionHop hop =
        new ConnectionHop(
            2,
            "vpn",
            "00000000000000c2",
            PodRef.parse("default/fw1"),
            "10.44.0.6/30",
            null,
            provider,
            SELF,
            "10.44.0.5/30",
            null,
            "up",
            null);
    return new ChainTail(up, reason, List.of(hop), List.of());
  }

  private static List<Cidr> cidrs(String... texts) {
    return Stream.of(texts).map(Cidr::parse).toList();
  }

  private static Connection at(Connection c, String prefix) {
    Connection.Link link = c.link();
    return new Connection(
        c.id(),
        c.requestId(),
        c.service(),
        c.asked(),
        c.agreed(),
        c.since(),
        c.client(),
        c.endpoint(),
        new Connection.Link(
            link.carrier(),
            prefix,
            link.prefix6(),
            link.routes(),
            link.mtu(),
            link.vni(),
            link.here(),
            link.there()));
  }

  private static Connection withId(Connection c, String id) {
    return new Connection(
        id,
        c.requestId(),
        c.service(),
        c.asked(),
        c.agreed(),
        c.since(),
        c.client(),
        c.endpoint(),
        c.link());
  }

  private void load(Map<String, Long> identities) {
    connections
        .load(
            refs -> {
              lookedUp.addAll(refs);
              return Future.succeededFuture(identities);
            })
        .toCompletionStage()
        .toCompletableFuture()
        .join();
  }
}

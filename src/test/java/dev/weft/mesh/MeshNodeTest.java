package dev.weft.mesh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Impairment;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.MemoryTransport;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nodes in this JVM, linked by memory transports whose ends are on different event loops. */
class MeshNodeTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Impairment NONE = Impairment.none();

  private final Vertx vertx = Vertx.vertx();
  private final List<Member> members = new ArrayList<>();

  /** A node of the test, and what it told. */
  private final class Member implements MeshNode.Observer {
    private final String id;
    private final MeshNode mesh;
    private final Queue<Fact> facts = new ConcurrentLinkedQueue<>();
    private final Queue<String> datagrams = new ConcurrentLinkedQueue<>();
    private final Map<String, String> troubles = new ConcurrentHashMap<>();

    Member(MeshConfig config) {
      id = "%016x".formatted(members.size() + 1);
      mesh =
          new MeshNode(
              Loop.of(vertx),
              new MeshNode.Settings(new NodeId(id), id.repeat(4), config, Clock.systemUTC()),
              this);
      mesh.takeDatagrams((from, data) -> datagrams.add(from + " " + data.toString(UTF_8)));
      members.add(this);
    }

    @Override
    public void happened(Fact fact) {
      facts.add(fact);
    }

    @Override
    public void trouble(String link, String remote, String reason) {
      if (reason.isEmpty()) {
        troubles.remove(link);
      } else {
        troubles.put(link, reason);
      }
    }

    void awaitRoute(Member to) {
      await(mesh.awaitRoute(to.id).timeout(SOON.toSeconds(), TimeUnit.SECONDS));
    }

    List<String> hops(Member to) {
      return await(mesh.ping(to.id)).stream().map(MeshHop::node).toList();
    }
  }

  private static final MeshConfig RELAY = new MeshConfig(List.of(), List.of(), true, 0, false);
  private static final MeshConfig LEAF = new MeshConfig(List.of(), List.of(), false, 0, false);

  private Member node() {
    return new Member(RELAY);
  }

  private MemoryTransport.Pair link(Member a, Member b) {
    MemoryTransport.Pair pair = MemoryTransport.on(Loop.of(vertx), Loop.of(vertx), NONE, NONE);
    a.mesh.accept(pair.a());
    b.mesh.accept(pair.b());
    return pair;
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException e) {
      throw WeftException.of(e.getCause());
    }
  }

  @AfterEach
  void close() {
    members.forEach(member -> await(member.mesh.close()));
    await(vertx.close());
  }

  @Test
  void shouldTellEachHopOfTheWay() {
    Member a = node();
    Member b = node();
    Member c = node();
    link(a, b);
    link(b, c);
    a.awaitRoute(c);

    assertThat(a.hops(c)).containsExactly(b.id, c.id);
    assertThat(await(a.mesh.routes()))
        .extracting(MeshRoute::destination, MeshRoute::via)
        .containsExactly(tuple(b.id, b.id), tuple(c.id, b.id));
  }

  @Test
  void shouldCarryDatagramsOfProgramsThroughANode() {
    Member a = node();
    Member c = node();
    Member b = node();
    link(a, b);
    link(b, c);
    a.awaitRoute(c);
    c.awaitRoute(a);
    String longest = "x".repeat(MeshNode.MAX_DATAGRAM);

    assertThat(a.mesh.send(c.id, longest.getBytes(UTF_8))).isTrue();
    assertThat(c.mesh.send(a.id, "back".getBytes(UTF_8))).isTrue();

    Awaitility.await().atMost(SOON).until(() -> !c.datagrams.isEmpty() && !a.datagrams.isEmpty());
    assertThat(c.datagrams).containsExactly(a.id + " " + longest);
    assertThat(a.datagrams).containsExactly(c.id + " back");
    assertThatThrownBy(() -> a.mesh.send(c.id, new byte[MeshNode.MAX_DATAGRAM + 1]))
        .hasMessage(
            "datagram: %d bytes (expected: at most %d)",
            MeshNode.MAX_DATAGRAM + 1, MeshNode.MAX_DATAGRAM);
  }

  @Test
  void shouldNotLetATakerOfDatagramsEndTheLink() {
    MeshNode.DatagramTaker taker =
        Leaf.logging(
            (from, data) -> {
              throw new IllegalStateException("a defect of the program");
            });

    assertThatCode(() -> taker.arrived("0000000000000001", Unpooled.EMPTY_BUFFER))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldTakeAnotherLinkToTheSameNodeWhenOneEnds() {
    Member a = node();
    Member b = node();
    MemoryTransport.Pair first = link(a, b);
    link(a, b);
    Awaitility.await("two links up")
        .atMost(SOON)
        .until(
            () -> await(a.mesh.links()).stream().filter(l -> l.state().equals("up")).count() == 2);

    first.a().close("unplugged");

    Awaitility.await("one link left").atMost(SOON).until(() -> await(a.mesh.links()).size() == 1);
    assertThat(a.hops(b)).containsExactly(b.id);
    assertThat(a.facts).filteredOn(LinkDown.class::isInstance).hasSize(1);
    assertThat(a.facts)
        .filteredOn(f -> f instanceof MeshRouteChanged r && r.via().isEmpty())
        .isEmpty();
  }

  @Test
  void shouldSayThatANodeIsGone() {
    Member a = node();
    Member b = node();
    Member c = node();
    link(a, b);
    MemoryTransport.Pair far = link(b, c);
    a.awaitRoute(c);

    far.b().close("unplugged");

    Awaitility.await("no route to c").atMost(SOON).until(() -> await(a.mesh.routes()).size() == 1);
    assertThatThrownBy(() -> a.hops(c))
        .isInstanceOf(WeftException.class)
        .hasMessage(c.id + ": no route to it");
    assertThat(a.mesh.send(c.id, new byte[1])).isFalse();
  }

  @Test
  void shouldNotReachOthersThroughANodeThatForwardsForNobody() {
    Member a = node();
    Member leaf = new Member(LEAF);
    Member c = node();
    link(a, leaf);
    link(leaf, c);
    a.awaitRoute(leaf);
    c.awaitRoute(leaf);

    assertThat(await(a.mesh.routes())).extracting(MeshRoute::destination).containsExactly(leaf.id);
    assertThat(leaf.hops(a)).containsExactly(a.id);
  }

  @Test
  void shouldRefuseAPingOfItself() {
    Member a = node();

    assertThatThrownBy(() -> await(a.mesh.ping(a.id)))
        .hasMessage("node: " + a.id + " (expected: another node than this one)");
    assertThatThrownBy(() -> await(a.mesh.ping("n1")))
        .hasMessage("node id: n1 (expected: 16 lower case hex digits)")
        .extracting(e -> WeftException.of(e).fault())
        .isEqualTo(Fault.INVALID);
  }

  /** Dials a node of this test while there is one. */
  private final class MemoryKind implements LinkKind {
    private final AtomicReference<Member> there;
    private volatile MemoryTransport last;

    MemoryKind(AtomicReference<Member> there) {
      this.there = there;
    }

    @Override
    public String scheme() {
      return "memory";
    }

    @Override
    public Future<Transport> dial(MeshConfig.Link link) {
      Member to = there.get();
      if (to == null) {
        return Future.failedFuture(Fault.UNAVAILABLE.because("nobody there"));
      }
      MemoryTransport.Pair pair = MemoryTransport.on(Loop.of(vertx), Loop.of(vertx), NONE, NONE);
      to.mesh.accept(pair.b());
      last = pair.a();
      return Future.succeededFuture(pair.a());
    }

    @Override
    public Future<Listening> listen(String address, Consumer<Transport> accepted) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void shouldDialAgainAndTellTroubleUntilTheLinkStandsOrIsReleased() {
    Member a = node();
    Member b = node();
    AtomicReference<Member> there = new AtomicReference<>();
    MemoryKind kind = new MemoryKind(there);
    MeshConfig.Link link =
        new MeshConfig.Link(
            new MeshConfig.LinkAddress("memory", "b"), Optional.empty(), Optional.empty(), 0);
    a.mesh.keep(kind, link, false);
    Awaitility.await("trouble")
        .atMost(SOON)
        .until(() -> a.troubles.equals(Map.of("memory-1", "nobody there")));

    there.set(b);
    a.awaitRoute(b);
    Awaitility.await("no trouble").atMost(SOON).until(a.troubles::isEmpty);
    kind.last.close("unplugged");
    Awaitility.await("down and up again")
        .atMost(SOON)
        .until(() -> a.facts.stream().filter(LinkUp.class::isInstance).count() == 2);

    a.mesh.release(link);
    Awaitility.await("released").atMost(SOON).until(() -> await(b.mesh.links()).isEmpty());
    assertThat(await(a.mesh.links())).isEmpty();
    assertThat(a.troubles).isEmpty();
  }
}

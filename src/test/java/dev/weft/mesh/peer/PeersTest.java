package dev.weft.mesh.peer;

import static dev.weft.reach.PeerPorts.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.ChannelMessage;
import dev.weft.mesh.stream.MeshChannel;
import dev.weft.mesh.stream.MeshObject;
import dev.weft.reach.PeerPorts;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers in this JVM, over ports that a path in memory joins. */
class PeersTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Set<String> ALL = Set.of();

  @TempDir Path directory;
  private PeerPorts ports;
  private final List<Member> members = new ArrayList<>();

  /** A node. */
  private static final class Member {
    private final PeerPorts.Node node;
    private final Peers peers;
    private final Queue<Fact> facts = new ConcurrentLinkedQueue<>();

    Member(PeerPorts.Node node) {
      this.node = node;
      this.peers = TestPeers.at(node, facts::add);
    }

    String id() {
      return node.id().value();
    }

    long number() {
      return node.id().number();
    }

    void reach(Member other, boolean yes) {
      node.run(() -> peers.reachable(other.number(), yes));
    }

    MeshPeer row(Member of) {
      return node.on(peers::rows).stream()
          .filter(row -> row.node().equals(of.id()))
          .findFirst()
          .orElse(null);
    }

    void awaitUp(Member other) {
      Awaitility.await(other.id() + " up at " + id())
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(row(other))
                      .isNotNull()
                      .extracting(MeshPeer::state, MeshPeer::reason)
                      .containsExactly("up", ""));
    }

    void export(String name, Set<String> allow, ServiceProvider provider) {
      node.run(() -> peers.export(name, allow, ObjectKind.CHANNEL, provider));
    }

    MeshChannel connect(Member to, String service) {
      return (MeshChannel) node.call(() -> peers.connect(to.id(), service, ObjectKind.CHANNEL));
    }

    WeftException refusal(Member to, String service) {
      try {
        connect(to, service);
        throw new AssertionError("connected to " + service);
      } catch (WeftException e) {
        return e;
      }
    }

    /** What comes back for a text. */
    String ask(MeshChannel channel, String text) {
      return node.call(
          () -> {
            Promise<String> answer = Promise.promise();
            channel.handler(message -> answer.tryComplete(message.bytes().toString()));
            channel.onPeerClosed(why -> answer.tryFail("closed: " + why));
            return channel
                .write(new ChannelMessage(Buffer.buffer(text), List.of()))
                .compose(v -> answer.future());
          });
    }
  }

  private static Future<Void> echo(String from, MeshObject end) {
    MeshChannel channel = (MeshChannel) end;
    channel.handler(channel::write);
    return Future.succeededFuture();
  }

  @BeforeEach
  void open() throws Exception {
    ports = PeerPorts.open(directory, 3, 1);
    for (int i = 0; i < 3; i++) {
      members.add(new Member(ports.node(i)));
    }
  }

  @AfterEach
  void close() throws Exception {
    members.forEach(member -> member.node.run(() -> member.peers.close("the test is over")));
    ports.close();
  }

  private Member n(int i) {
    return members.get(i);
  }

  private void join(Member a, Member b) {
    a.reach(b, true);
    b.reach(a, true);
    a.awaitUp(b);
    b.awaitUp(a);
  }

  @Test
  void shouldDialWhomARouteLeadsToAndBeDialled() {
    join(n(0), n(1));

    Awaitility.await("accepted").atMost(SOON).until(() -> n(0).row(n(1)).accepted());
    MeshPeer row = n(0).row(n(1));
    assertThat(row.reason()).isEmpty();
    assertThat(row.rttMicros()).isPositive();
    assertThat(row.streams()).isZero();
    assertThat(n(0).facts).containsExactly(new PeerUp(n(1).id()));
  }

  @Test
  void shouldTellServicesWhenTheyChange() {
    n(0).export("one", ALL, PeersTest::echo);
    join(n(0), n(1));
    Awaitility.await("one")
        .atMost(SOON)
        .until(() -> n(1).row(n(0)).services().equals(List.of("one")));

    n(0).export("two", ALL, PeersTest::echo);
    n(0).node.run(() -> n(0).peers.withdraw("one"));

    Awaitility.await("two")
        .atMost(SOON)
        .until(() -> n(1).row(n(0)).services().equals(List.of("two")));
    assertThat(n(1).node.on(n(1).peers::services))
        .extracting(MeshService::name, MeshService::nodes)
        .containsExactly(tuple("two", List.of(n(0).id())));
  }

  @Test
  void shouldListPeersAtOnceAndThenWhenSomethingChanges() throws Exception {
    PeerList first = n(0).node.call(() -> n(0).peers.list(0));
    assertThat(first.peers()).containsExactly(new PeerList.Entry(n(0).id(), true, List.of()));
    Future<PeerList> next = n(0).node.loop().call(() -> n(0).peers.list(first.version()));

    join(n(0), n(1));

    assertThat(result(next).peers()).extracting(PeerList.Entry::node).contains(n(1).id());
  }

  @Test
  void shouldConnectToAService() {
    n(1).export("echo", ALL, PeersTest::echo);
    join(n(0), n(1));

    MeshChannel channel = n(0).connect(n(1), "echo");

    assertThat(n(0).ask(channel, "hello")).isEqualTo("hello");
    assertThat(n(0).row(n(1)).streams()).isEqualTo(1);
    n(0).node.run(channel::close);
    Awaitility.await("no stream").atMost(SOON).until(() -> n(0).row(n(1)).streams() == 0);
  }

  @Test
  void shouldConnectToAServiceOfItsOwn() {
    n(0).export("echo", ALL, PeersTest::echo);

    assertThat(n(0).ask(n(0).connect(n(0), "echo"), "hello")).isEqualTo("hello");
  }

  @Test
  void shouldRefuseWithAReasonAndLiveOn() {
    n(1).export("echo", ALL, PeersTest::echo);
    n(1).export("closed", Set.of(n(2).id()), PeersTest::echo);
    n(1).export("picky", ALL, (from, end) -> Future.failedFuture(Fault.EXHAUSTED.because("full")));
    n(1).export(
            "broken",
            ALL,
            (from, end) -> {
              throw new IllegalStateException("a defect");
            });
    join(n(0), n(1));
    MeshChannel channel = n(0).connect(n(1), "echo");

    assertThat(n(0).refusal(n(1), "nothing"))
        .hasMessage("service: nothing (expected: one that the node exports)")
        .extracting(WeftException::fault)
        .isEqualTo(Fault.NOT_FOUND);
    assertThat(n(0).refusal(n(1), "closed").fault()).isEqualTo(Fault.DENIED);
    assertThat(n(0).refusal(n(1), "picky")).hasMessage("full");
    assertThat(n(0).refusal(n(1), "broken")).hasMessage("a defect");
    assertThatThrownBy(() -> n(0).connect(n(1), "n".repeat(256)))
        .hasMessageStartingWith("service: nnnn");

    assertThat(n(0).ask(channel, "still there")).isEqualTo("still there");
    assertThat(n(0).facts).noneMatch(PeerDown.class::isInstance);
    Awaitility.await("one stream").atMost(SOON).until(() -> n(0).row(n(1)).streams() == 1);
  }

  @Test
  void shouldGoOnAtOnceAfterAShortOutage() {
    n(1).export("echo", ALL, PeersTest::echo);
    join(n(0), n(1));
    MeshChannel channel = n(0).connect(n(1), "echo");

    ports.cut(0, 1);
    n(0).reach(n(1), false);
    n(1).reach(n(0), false);
    Awaitility.await("no route")
        .pollDelay(Duration.ofSeconds(1))
        .until(() -> n(0).row(n(1)).reason().equals("no route"));
    ports.join(0, 1);
    n(0).reach(n(1), true);
    n(1).reach(n(0), true);
    n(0).node.port().probe(n(1).number());
    n(1).node.port().probe(n(0).number());

    assertThat(n(0).ask(channel, "again")).isEqualTo("again");
    assertThat(n(0).facts).containsExactly(new PeerUp(n(1).id()));
  }

  @Test
  void shouldCloseAPeerWithoutARouteAndRevive() {
    n(1).export("echo", ALL, PeersTest::echo);
    join(n(0), n(1));
    MeshChannel channel = n(0).connect(n(1), "echo");
    AtomicReference<String> closed = new AtomicReference<>();
    n(0).node.run(() -> channel.onPeerClosed(closed::set));

    ports.cut(0, 1);
    n(0).reach(n(1), false);
    n(1).reach(n(0), false);

    Awaitility.await("peer closed").atMost(SOON).until(() -> closed.get() != null);
    Awaitility.await("forgotten").atMost(SOON).until(() -> n(0).row(n(1)) == null);
    assertThat(n(0).facts)
        .containsExactly(new PeerUp(n(1).id()), new PeerDown(n(1).id(), "no route for 5 s"));

    ports.join(0, 1);
    join(n(0), n(1));
    assertThat(n(0).ask(n(0).connect(n(1), "echo"), "revived")).isEqualTo("revived");
  }

  @Test
  void shouldDialNobodyAnyMoreOnceItIsClosed() {
    join(n(0), n(1));
    n(0).node.run(() -> n(0).peers.close("closing"));
    Awaitility.await("down").atMost(SOON).until(() -> !n(0).row(n(1)).state().equals("up"));

    n(0).reach(n(2), true);

    Awaitility.await("no connection is left or made")
        .atMost(SOON)
        .until(
            () ->
                n(0).node.port().counters().connections() == 0
                    && n(1).row(n(0)).reason().endsWith("closing"));
    assertThat(n(0).refusal(n(2), "echo")).hasMessage("closing");
  }

  @Test
  void shouldFailToConnectWithoutARoute() {
    assertThat(n(0).refusal(n(2), "echo"))
        .hasMessage("node " + n(2).id() + ": no route to it")
        .extracting(WeftException::fault)
        .isEqualTo(Fault.NOT_FOUND);
  }
}

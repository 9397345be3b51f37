package dev.weft.dial;

import static dev.weft.reach.PeerPorts.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.dial.proto.Candidates;
import dev.weft.dial.proto.StartRequest;
import dev.weft.reach.PeerPorts;
import dev.weft.reach.UdpPort;
import dev.weft.reach.path.PunchedPaths;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RendezvousTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path directory;
  private final Map<String, Rendezvous> all = new ConcurrentHashMap<>();
  private PeerPorts nodes;
  private Side one;
  private Side other;

  /** Calls between two nodes of this test. */
  private final class Calls implements Dial {
    private final Caller caller;
    private int failed;

    Calls(String self) {
      this.caller = Caller.member(self, "test");
    }

    @Override
    @SuppressWarnings("unchecked") // both methods' answers are of their types
    public <Q extends Message, R extends Message> Future<R> call(
        String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline) {
      Rendezvous to = all.get(nodeId);
      if (to == null) {
        failed++;
        return Future.failedFuture(Fault.UNAVAILABLE.because("nobody is there"));
      }
      return (Future<R>)
          (method.name().equals("Meet")
              ? to.met(caller, (Candidates) request)
              : to.told(caller, (StartRequest) request));
    }

    @Override
    public Future<OutStream> stream(String nodeId, String path, Loop on) {
      throw new UnsupportedOperationException("stream");
    }

    @Override
    public Future<Pipe> pipe(String nodeId, String service) {
      throw new UnsupportedOperationException("pipe");
    }

    @Override
    public Loop loop(String nodeId, Loop preferred) {
      throw new UnsupportedOperationException("loop");
    }
  }

  private final class Side {
    final PeerPorts.Node node;
    final UdpPort udp;
    final PunchedPaths paths;
    final Rendezvous rendezvous;
    volatile List<InetSocketAddress> candidates;
    volatile Set<InetAddress> forbidden = Set.of();

    Side(PeerPorts.Node node) throws Exception {
      this.node = node;
      this.udp =
          result(
              UdpPort.open(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                  node.loops(),
                  node.identity(),
                  "test/1",
                  Optional.of((channel, loop) -> {})));
      this.paths =
          result(
              PunchedPaths.open(
                  node.loop(),
                  udp,
                  node.port(),
                  node.identity(),
                  () -> Duration.ofSeconds(3),
                  fact -> {}));
      this.candidates = List.of(udp.address());
      this.rendezvous =
          new Rendezvous(
              node.vertx(),
              node.id().value(),
              new Calls(node.id().value()),
              id -> id.startsWith("ffff") ? "n9" : id);
      all.put(node.id().value(), rendezvous);
    }

    void open() {
      open(rendezvous);
    }

    void open(Rendezvous any) {
      any.open(
          paths,
          new Rendezvous.Place() {
            @Override
            public Future<List<InetSocketAddress>> candidates() {
              return Future.succeededFuture(candidates);
            }

            @Override
            public boolean symmetric() {
              return false;
            }

            @Override
            public boolean mayLeadTo(InetAddress address) {
              return !forbidden.contains(address);
            }
          });
    }

    boolean reaches(Side to) {
      return paths.to(to.node.id()).isPresent();
    }
  }

  @BeforeEach
  void open() throws Exception {
    nodes = PeerPorts.open(directory, 2, 1);
    one = new Side(nodes.node(0));
    other = new Side(nodes.node(1));
  }

  @AfterEach
  void close() throws Exception {
    for (Side side : List.of(one, other)) {
      result(side.paths.close());
      result(side.udp.close("the test is over"));
    }
    nodes.close();
  }

  @Test
  void shouldMakeAPathBetweenPeers() {
    one.open();
    other.open();
    one.rendezvous.peerUp(other.node.id().value());
    other.rendezvous.peerUp(one.node.id().value());

    await().atMost(SOON).until(() -> one.reaches(other) && other.reaches(one));
    assertThat(one.rendezvous.whyNot(other.node.id().value())).isEmpty();
  }

  @Test
  void shouldMakeAPathWhenOnlyOneSideKnowsOfThePeer() {
    other.open();
    one.rendezvous.peerUp(other.node.id().value());
    one.open();

    await().atMost(SOON).until(() -> one.reaches(other) && other.reaches(one));
  }

  @Test
  void shouldMakeNoPathToAnAddressThatItMayNotLeadTo() {
    one.forbidden = Set.of(InetAddress.getLoopbackAddress());
    one.open();
    other.candidates = List.of(other.udp.address());
    other.forbidden = one.forbidden;
    other.open();
    one.rendezvous.peerUp(other.node.id().value());
    other.rendezvous.peerUp(one.node.id().value());

    await()
        .atMost(SOON)
        .until(
            () ->
                one.rendezvous
                    .whyNot(other.node.id().value())
                    .contains("knows no address of its UDP port"));
    assertThat(one.reaches(other)).isFalse();
  }

  @Test
  void shouldTellWhyThereIsNoPath() {
    one.open();
    one.rendezvous.peerUp("ffffffffffffffff");

    await()
        .atMost(SOON)
        .until(
            () ->
                one.rendezvous
                    .whyNot("ffffffffffffffff")
                    .equals("where node n9 is: nobody is there"));
  }

  @Test
  void shouldAskAgainSoonAfterACallThatFailed() {
    SimulatedTimer timer = new SimulatedTimer();
    Calls calls = new Calls("0000000000000001");
    Rendezvous rendezvous =
        new Rendezvous("0000000000000001", calls, timer, timer::now, UnaryOperator.identity());
    one.open(rendezvous);
    rendezvous.peerUp("00000000000000ff");

    for (int i = 0; i < 60; i++) {
      timer.pass(Duration.ofMillis(50));
    }
    assertThat(calls.failed).isBetween(4, 6);
    for (int i = 0; i < 300; i++) {
      timer.pass(Duration.ofSeconds(1));
    }
    assertThat(calls.failed).isLessThan(16);
  }

  @Test
  void shouldRefuseToStartWithANodeThatHasNotMetThisOne() {
    one.open();

    assertThatThrownBy(
            () ->
                one.rendezvous.told(
                    Caller.member("00000000000000ff", "test"), StartRequest.getDefaultInstance()))
        .isInstanceOf(WeftException.class)
        .hasMessage("node 00000000000000ff has not met this one before");
  }

  @Test
  void shouldTakeAddressesThatAreNone() throws Exception {
    one.open();
    Caller caller = Caller.member(other.node.id().value(), "test");
    Candidates strange =
        Candidates.newBuilder()
            .addAddresses("x")
            .addAddresses("example.com:1")
            .addAddresses("1.2.3.4:0")
            .addAddresses("")
            .build();

    assertThat(result(one.rendezvous.met(caller, strange)).getAddressesList()).hasSize(1);
    result(one.rendezvous.told(caller, StartRequest.getDefaultInstance()));

    assertThat(one.reaches(other)).isFalse();
    assertThat(one.rendezvous.whyNot(other.node.id().value()))
        .isIn("", "node " + other.node.id() + " knows no address of its UDP port");
  }
}

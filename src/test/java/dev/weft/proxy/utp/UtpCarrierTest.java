package dev.weft.proxy.utp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.Remote;
import dev.weft.reach.PeerPorts;
import dev.weft.rpc.Loop;
import dev.weft.rpc.Pipe;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.search.RequiredSearch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The carriers of a forward and a reverse proxy on loopback. */
class UtpCarrierTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  @TempDir static Path directory;
  private static Vertx vertx;
  private static Identity here;
  private static Identity there;
  private static Identity stranger;

  /** Of the reverse proxy. */
  private final MeterRegistry meters = new SimpleMeterRegistry();

  private final Told forwardTold = new Told();
  private final Told reverseTold = new Told();
  private Carrier forward;
  private Carrier reverse;

  private static final class Told implements Carrier.Events {
    final List<String> all = new CopyOnWriteArrayList<>();
    final List<Pipe> pipes = new CopyOnWriteArrayList<>();
    final List<NodeId> from = new CopyOnWriteArrayList<>();

    @Override
    public void trying(HostPort at) {
      all.add("trying");
    }

    @Override
    public void reached(HostPort at, Optional<NodeId> node, String path) {
      all.add(path + " " + node.map(NodeId::toString).orElse("unknown"));
    }

    @Override
    public void lost(HostPort at, String reason) {
      all.add("lost: " + reason);
    }

    @Override
    public void arrived(NodeId node, Pipe pipe) {
      from.add(node);
      pipes.add(pipe);
    }
  }

  @BeforeAll
  static void make() {
    vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(2));
    CertificateAuthority mesh =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, Clock.systemUTC());
    CertificateAuthority other =
        CertificateAuthority.create(directory.resolve("other"), "other", 10, Clock.systemUTC());
    here = PeerPorts.identity(directory, mesh, "here");
    there = PeerPorts.identity(directory, mesh, "there");
    stranger = PeerPorts.identity(directory, other, "stranger");
  }

  @AfterAll
  static void end() throws Exception {
    get(vertx.close());
  }

  @BeforeEach
  void open() throws Exception {
    forward = open(here, false, forwardTold, new SimpleMeterRegistry());
    reverse = open(there, true, reverseTold, meters);
  }

  @AfterEach
  void close() throws Exception {
    get(forward.close());
    get(reverse.close());
  }

  private static Carrier open(Identity identity, boolean reverse, Told told, MeterRegistry meters)
      throws Exception {
    return get(
        new UtpTransport(vertx, Loop.of(vertx), identity, () -> Duration.ofSeconds(3), meters)
            .open(ANY, reverse, told));
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static WeftException failure(Future<?> future) throws Exception {
    try {
      get(future);
    } catch (ExecutionException e) {
      return (WeftException) e.getCause();
    }
    throw new AssertionError("no failure");
  }

  private static HostPort at(Carrier carrier) {
    return new HostPort("127.0.0.1", carrier.port());
  }

  private static Remote remote(Carrier carrier, boolean nat) {
    return new Remote(at(carrier), Optional.empty(), nat, TIMEOUT);
  }

  @Test
  void shouldCarryBytesBothWaysAndEndDirectionsByThemselves() throws Exception {
    Pipe near = get(forward.connect(remote(reverse, false)));
    await().until(() -> reverseTold.pipes.size() == 1);
    Pipe far = reverseTold.pipes.get(0);
    Buffer asked = Buffer.buffer();
    Buffer answered = Buffer.buffer();
    List<String> ends = new CopyOnWriteArrayList<>();
    far.in().handler(asked::appendBuffer).endHandler(v -> ends.add("asked")).resume();
    near.in().handler(answered::appendBuffer).endHandler(v -> ends.add("answered")).resume();

    get(near.out().write(Buffer.buffer(new byte[300_000])));
    get(near.out().end());
    await().until(() -> ends.equals(List.of("asked")));
    get(far.out().write(Buffer.buffer("the answer")));
    get(far.out().end());

    await().until(() -> ends.equals(List.of("asked", "answered")));
    assertThat(asked.length()).isEqualTo(300_000);
    assertThat(answered.toString()).isEqualTo("the answer");
    assertThat(reverseTold.from).containsExactly(here.nodeId());
  }

  @Test
  void shouldReachNodeThatWasAdded() throws Exception {
    forward.add(remote(reverse, false));

    await().until(() -> forwardTold.all.size() == 2);

    assertThat(forwardTold.all).containsExactly("trying", "direct " + there.nodeId());
    assertThat(reverseTold.pipes).as("a pipe for the proxy").isEmpty();
  }

  @Test
  void shouldTellOfLossAndTryAgain() throws Exception {
    forward.add(remote(reverse, false));
    await().until(() -> forwardTold.all.size() == 2);

    get(reverse.close());

    await().until(() -> forwardTold.all.size() >= 4);
    assertThat(forwardTold.all.get(2)).startsWith("lost: ");
    assertThat(forwardTold.all.get(3)).isEqualTo("trying");
  }

  @Test
  void shouldPunchFromBothSides() throws Exception {
    forward.add(remote(reverse, true));
    reverse.add(remote(forward, true));

    await()
        .until(
            () ->
                forwardTold.all.contains("punched " + there.nodeId())
                    && reverseTold.all.contains("punched unknown"));

    assertThat(forwardTold.all.get(0)).isEqualTo("trying");
  }

  @Test
  void shouldBreakOffPipesOfRemovedAddress() throws Exception {
    forward.add(remote(reverse, false));
    Pipe near = get(forward.connect(remote(reverse, false)));
    List<String> ends = new CopyOnWriteArrayList<>();
    near.in().exceptionHandler(e -> ends.add("broken")).resume();
    await().until(() -> forwardTold.all.size() == 2);

    forward.remove(at(reverse));

    await().until(() -> ends.equals(List.of("broken")));
  }

  @Test
  void shouldDenyAnotherNodeThanExpected() throws Exception {
    Remote wrong = new Remote(at(reverse), Optional.of(here.nodeId()), false, TIMEOUT);

    WeftException failure = failure(forward.connect(wrong));

    assertThat(failure.fault()).isEqualTo(Fault.DENIED);
    assertThat(failure)
        .hasMessageContaining("node %s (expected: %s)".formatted(there.nodeId(), here.nodeId()));
  }

  @Test
  void shouldDenyNodeOfAnotherMesh() throws Exception {
    Carrier foreign = open(stranger, true, new Told(), new SimpleMeterRegistry());
    try {
      assertThat(failure(forward.connect(remote(foreign, false))).fault()).isEqualTo(Fault.DENIED);
    } finally {
      get(foreign.close());
    }
  }

  @Test
  void shouldTellThatWhoAnswersPingsIsOfAnotherMesh() throws Exception {
    Told told = new Told();
    Carrier foreign = open(stranger, true, told, new SimpleMeterRegistry());
    try {
      forward.add(remote(foreign, true));
      foreign.add(remote(forward, true));

      await()
          .until(
              () ->
                  forwardTold.all.stream()
                      .anyMatch(said -> said.startsWith("lost: ") && said.contains("certificate")));
      assertThat(told.pipes).isEmpty();
    } finally {
      get(foreign.close());
    }
  }

  @Test
  void shouldNotGivePipeOfAnotherMeshToProxy() throws Exception {
    Carrier foreign = open(stranger, false, new Told(), new SimpleMeterRegistry());
    try {
      failure(foreign.connect(remote(reverse, false)));
      assertThat(reverseTold.pipes).isEmpty();
    } finally {
      get(foreign.close());
    }
  }

  @Test
  void shouldSayThatForwardProxyAcceptsNothing() throws Exception {
    WeftException failure = failure(reverse.connect(remote(forward, false)));

    assertThat(failure.fault()).isEqualTo(Fault.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("the other end refuses the connection");
  }

  @Test
  void shouldTimeOutWhereNobodyAnswers() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      HostPort at = new HostPort("127.0.0.1", silent.getLocalPort());

      WeftException failure =
          failure(forward.connect(new Remote(at, Optional.empty(), false, Duration.ofMillis(300))));

      assertThat(failure.fault()).isEqualTo(Fault.TIMEOUT);
      assertThat(failure).hasMessage("utp://" + at + ": no connection within 300 ms");
    }
  }

  @Test
  void shouldCountConnectionsAndWhatIsDropped() throws Exception {
    get(forward.connect(remote(reverse, false)));
    await().until(() -> meter("connections", "state", "open").gauge().value() == 1);
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.send(
          new DatagramPacket(new byte[50], 50, InetAddress.getLoopbackAddress(), reverse.port()));
    }

    await().until(() -> meter("dropped", "reason", "strange").functionCounter().count() == 1);
    assertThat(meter("packets", "direction", "sent").functionCounter().count()).isPositive();
    get(reverse.close());
    await().until(() -> meter("connections", "state", "open").gauge().value() == 0);
  }

  private RequiredSearch meter(String name, String tag, String value) {
    return meters.get("weft_proxy_utp_" + name).tag("side", "reverse").tag(tag, value);
  }

  @Test
  void shouldNotKnowNodesByIdAlone() throws Exception {
    assertThat(failure(forward.connect(there.nodeId())).fault()).isEqualTo(Fault.PRECONDITION);
  }

  @Test
  void shouldNameAddressThatIsTaken() throws Exception {
    WeftException failure =
        failure(
            new UtpTransport(vertx, Loop.of(vertx), here, () -> Duration.ofSeconds(3), meters)
                .open(at(reverse), false, new Told()));

    assertThat(failure.fault()).isEqualTo(Fault.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("utp://" + at(reverse));
  }

  @Test
  void shouldNotAnswerPingOfStranger() throws Exception {
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.setSoTimeout(300);
      socket.send(
          new DatagramPacket(new byte[4], 4, InetAddress.getLoopbackAddress(), reverse.port()));

      assertThat(catchThrowable(() -> socket.receive(new DatagramPacket(new byte[10], 10))))
          .isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void shouldWaitForSlowReader() throws Exception {
    Pipe near = get(forward.connect(remote(reverse, false)));
    await().until(() -> reverseTold.pipes.size() == 1);
    long[] written = new long[1];
    Buffer part = Buffer.buffer(new byte[64 << 10]);
    await()
        .during(Duration.ofMillis(500))
        .until(
            () -> {
              while (!near.out().writeQueueFull()) {
                var unused = near.out().write(part);
                written[0] += part.length();
              }
              return true;
            });
    assertThat(written[0]).isLessThan(8 << 20);
    long[] got = new long[1];

    reverseTold.pipes.get(0).in().handler(b -> got[0] += b.length()).resume();

    await().until(() -> got[0] == written[0]);
  }
}

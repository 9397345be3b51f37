package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.HostPort;
import dev.weft.bus.Bus;
import dev.weft.config.ProxyConfig;
import dev.weft.identity.NodeId;
import dev.weft.proxy.forward.KnownNodes;
import dev.weft.room.RoomContext;
import dev.weft.rpc.Loop;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What users want of the proxies, and what is kept of it. */
@Timeout(60)
class ProxyVerticleTest {
  private static final String SELF = "00000000000000aa";
  private static final ProxyConfig.Reverse NO_SERVER =
      new ProxyConfig.Reverse(Optional.empty(), new HostPort("0.0.0.0", 0), List.of());

  private final Vertx vertx = Vertx.vertx();
  private final MemoryStore store = new MemoryStore();
  private final Health health = new Health();
  private final Bus bus = new Bus(vertx, SELF, new TestSigner(SELF));
  private final AppProxies proxies = bus.proxy(AppProxies.class);
  private final MemoryTransport transport = new MemoryTransport(vertx, new NodeId(SELF));
  private String deployed;

  @TempDir Path directory;

  @AfterEach
  void close() throws Exception {
    result(vertx.close());
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static ProxyConfig config(Optional<String> token, Optional<Path> file) {
    return new ProxyConfig(
        ProxyConfig.Carriage.QUIC,
        new ProxyConfig.Forward("127.0.0.1", 0, new HostPort("0.0.0.0", 0), token, file, false),
        NO_SERVER,
        List.of());
  }

  private void start(ProxyConfig config) throws Exception {
    RoomContext room = new RoomContext(bus, null, store, health, new Metrics(), Clock.systemUTC());
    deployed =
        result(
            vertx.deployVerticle(
                new ProxyVerticle(room, config, Loop.of(vertx), new Nobody(), List.of(transport))));
  }

  private void restart(ProxyConfig config) throws Exception {
    result(vertx.undeploy(deployed));
    start(config);
  }

  private void start() throws Exception {
    start(config(Optional.empty(), Optional.empty()));
  }

  private ProxyStatus status() throws Exception {
    return result(proxies.status());
  }

  private List<Health.Warning> warnings() {
    return health.rooms().stream().flatMap(room -> room.warnings().stream()).toList();
  }

  private static final class Nobody implements KnownNodes {
    @Override
    public NodeId self() {
      return new NodeId(SELF);
    }

    @Override
    public Optional<NodeId> named(String nameOrId) {
      return Optional.empty();
    }

    @Override
    public Optional<NodeId> at(HostPort address) {
      return Optional.empty();
    }

    @Override
    public boolean isMember(NodeId node) {
      return false;
    }
  }

  @Test
  void shouldRunNeitherProxyUnlessAsked() throws Exception {
    start();

    assertThat(status().forward().state()).isEqualTo("off");
    assertThat(status().reverse().state()).isEqualTo("off");
    assertThat(warnings()).isEmpty();
  }

  @Test
  void shouldNotStartTheForwardProxyWithoutAToken() throws Exception {
    start();

    assertThatThrownBy(() -> result(proxies.startForward(null, null, null, null)))
        .hasMessageContaining("token: none (expected: ");
    assertThat(status().forward().state()).isEqualTo("off");
  }

  @Test
  void shouldStartWithTheConfiguredTokenOrThatOfAFile() throws Exception {
    start(config(Optional.of("yoasobi"), Optional.empty()));
    assertThat(status().forward()).matches(f -> f.state().equals("up") && f.listen() != null);

    Path file = Files.writeString(directory.resolve("token"), "yoasobi\nmore\n");
    restart(config(Optional.empty(), Optional.of(file)));

    assertThat(status().forward().state()).isEqualTo("up");
  }

  @Test
  void shouldSayThatTheTokenCannotBeRead() throws Exception {
    start(config(Optional.empty(), Optional.of(directory.resolve("missing"))));

    assertThat(status().forward())
        .matches(f -> f.state().equals("down") && f.reason().contains("not readable"));
    assertThat(warnings()).anyMatch(w -> w.text().contains("missing: not readable"));
  }

  @Test
  void shouldKeepOverRestartsWhatCallsHaveStarted() throws Exception {
    start();
    result(proxies.startForward("127.0.0.1", 0, "yoasobi", true));
    result(proxies.startReverse("127.0.0.1:50051", List.of(SELF)));
    result(proxies.add("forward", "Example.org:1", null, false, null, null));

    restart(config(Optional.empty(), Optional.empty()));

    assertThat(status().forward()).matches(f -> f.state().equals("up") && f.members());
    assertThat(status().reverse())
        .matches(r -> r.target().equals("127.0.0.1:50051") && r.allow().equals(List.of(SELF)));
    assertThat(result(proxies.connections()))
        .singleElement()
        .matches(row -> row.at().equals("example.org:1") && row.origin().equals("created"));

    result(proxies.stopForward());
    result(proxies.stopReverse());
    restart(config(Optional.empty(), Optional.empty()));

    assertThat(status().forward().state()).isEqualTo("off");
    assertThat(status().reverse().state()).isEqualTo("off");
  }

  @Test
  void shouldReplaceAProxyThatRunsWithOtherSettings() throws Exception {
    start();
    result(proxies.startForward(null, null, "yoasobi", null));
    String listen = status().forward().listen();

    result(proxies.startForward(null, null, "yoasobi", null));
    assertThat(status().forward().listen()).isEqualTo(listen);

    result(proxies.startForward(null, null, "another", null));
    assertThat(status().forward()).matches(f -> f.state().equals("up"));
    assertThat(status().forward().listen()).isNotEqualTo(listen);
  }

  @Test
  void shouldGiveAReverseProxyThatRunsAnotherTarget() throws Exception {
    start();
    result(proxies.startReverse("127.0.0.1:50051", List.of()));

    result(proxies.startReverse("127.0.0.1:50052", List.of(SELF)));

    assertThat(transport.openings).as("its sockets stay open").hasValue(1);
    restart(config(Optional.empty(), Optional.empty()));
    assertThat(status().reverse())
        .matches(r -> r.target().equals("127.0.0.1:50052") && r.allow().equals(List.of(SELF)));
  }

  @Test
  void shouldRefuseAnAddressThatIsTakenAndSayOneThatIsConfigured() throws Exception {
    start();
    try (ServerSocket taken = socket()) {
      int port = taken.getLocalPort();

      assertThatThrownBy(() -> result(proxies.startForward(null, port, "yoasobi", null)))
          .hasMessageContaining("is taken");
      assertThat(status().forward().state()).isEqualTo("off");

      ProxyConfig.Forward configured =
          new ProxyConfig.Forward(
              "127.0.0.1",
              port,
              new HostPort("0.0.0.0", 0),
              Optional.of("yoasobi"),
              Optional.empty(),
              false);
      restart(new ProxyConfig(ProxyConfig.Carriage.QUIC, configured, NO_SERVER, List.of()));

      assertThat(status().forward())
          .matches(f -> f.state().equals("down") && f.reason().contains("is taken"));
      assertThat(warnings()).anyMatch(w -> w.code().equals("forward"));
    }
  }

  private static ServerSocket socket() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
  }

  @Test
  void shouldRefuseWhatCannotBe() throws Exception {
    start();

    assertThatThrownBy(() -> result(proxies.add("reverse", "h:1", null, false, null, null)))
        .hasMessageContaining("a direct connection is added at the forward proxy alone");
    assertThatThrownBy(() -> result(proxies.add("forward", "h", null, false, null, null)))
        .hasMessageContaining("to: h (expected: host:port");
    assertThatThrownBy(() -> result(proxies.add("forward", "h:1", "n1", false, null, null)))
        .hasMessageContaining("node id: n1 (expected: 16 lower case hex digits)");
    assertThatThrownBy(() -> result(proxies.add("forward", "h:1", null, false, "utp", null)))
        .hasMessageContaining("transport: utp (expected: ");
    assertThatThrownBy(() -> result(proxies.startForward(null, null, "a b", null)))
        .hasMessageContaining("token: (expected: ");
    assertThatThrownBy(() -> result(proxies.startReverse("udp://h:1", List.of())))
        .hasMessageContaining("target: udp://h:1 (expected: ");
  }
}

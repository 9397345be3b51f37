package dev.weft.mesh.gate;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import dev.weft.bus.Fact;
import dev.weft.config.ForwardConfig;
import dev.weft.config.MeshConfig;
import dev.weft.config.NatConfig;
import dev.weft.config.ServiceConfig;
import dev.weft.rpc.Loop;
import dev.weft.telemetry.Health;
import dev.weft.testkit.Background;
import dev.weft.testkit.MemoryStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** One gate whose forwards lead to its own exports, and servers that are a test's. */
abstract class GateContract {
  static final int PATIENCE_MILLIS = 20_000;

  /** What a server does with each connection, on a thread of its own. */
  interface Conversation {
    void hold(Socket client) throws Exception;
  }

  final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  final Loop loop = Loop.of(vertx);
  final MemoryStore store = new MemoryStore();
  final Health health = new Health();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final List<Fact> facts = new CopyOnWriteArrayList<>();
  final MemoryServices services = new MemoryServices();
  private final List<AutoCloseable> opened = new ArrayList<>();
  Gate gate = gate();

  private Gate gate() {
    return new Gate(
        new Gate.Surroundings(vertx, loop, store, meters, health, facts::add), services);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    result(gate.close());
    result(vertx.close());
  }

  /** The gate of the same node after a restart. */
  void restart(MeshConfig config) throws Exception {
    result(gate.close());
    gate = gate();
    result(gate.open(config));
  }

  static MeshConfig config(List<ServiceConfig> services, List<ForwardConfig> forwards) {
    return new MeshConfig(
        List.of(),
        List.of(),
        services,
        forwards,
        true,
        0,
        new NatConfig(List.of(), false, false),
        false);
  }

  /** A server on a free port of loopback. */
  StreamAddress serve(Conversation conversation) throws IOException {
    ServerSocket server = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
    opened.add(server);
    Background.run(
        () -> {
          while (true) {
            Socket client = server.accept();
            Background.run(
                () -> {
                  try (client) {
                    conversation.hold(client);
                  }
                });
          }
        });
    return StreamAddress.of(new HostPort("127.0.0.1", server.getLocalPort()));
  }

  /** Exports a server and opens it; where clients connect. */
  StreamAddress through(StreamAddress target) throws Exception {
    export("web", target);
    return forward("127.0.0.1:0", "any", "web");
  }

  void export(String name, StreamAddress target) throws Exception {
    result(gate.export(new ServiceConfig(name, target, List.of())));
  }

  StreamAddress forward(String listen, String node, String service) throws Exception {
    ForwardConfig wanted =
        new ForwardConfig(StreamAddress.listener(listen).orElseThrow(), node, service);
    return StreamAddress.listener(result(gate.forward(wanted)).listen()).orElseThrow();
  }

  Socket client(StreamAddress forward) throws IOException {
    HostPort at = forward.tcp().orElseThrow();
    Socket client = new Socket(at.host(), at.port());
    client.setSoTimeout(PATIENCE_MILLIS);
    opened.add(client);
    return client;
  }

  MeshExport export(String name) throws Exception {
    return result(gate.exports()).stream()
        .filter(e -> e.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  MeshForward forward() throws Exception {
    return result(gate.forwards()).get(0);
  }

  static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}

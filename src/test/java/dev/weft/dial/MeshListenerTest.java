package dev.weft.dial;

import static dev.weft.reach.PeerPorts.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.reach.PeerPorts;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.QuicConnection;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.PodQuery;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who comes through the mesh, to a node with two loops. */
class MeshListenerTest {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final GrpcMethod<PodQuery, BoolResponse> METHOD =
      new GrpcMethod<>(
          Meshnet.getDescriptor().findServiceByName("Local"),
          "Get",
          PodQuery.getDefaultInstance(),
          BoolResponse.getDefaultInstance());

  @TempDir Path directory;
  private PeerPorts ports;
  private PeerPorts.Node caller;
  private PeerPorts.Node server;
  private final Set<Caller> callers = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  @BeforeEach
  void open() throws Exception {
    ports = PeerPorts.open(directory, 2, 2);
    caller = ports.node(0);
    server = ports.node(1);
    GrpcListener listener = new GrpcListener(server.vertx()).on(server.loops());
    listener.serve(
        METHOD,
        (from, query) -> {
          callers.add(from);
          threads.add(Thread.currentThread());
          return Future.succeededFuture(BoolResponse.getDefaultInstance());
        });
    new MeshListener(listener, 3).open(server.port());
  }

  @AfterEach
  void close() throws Exception {
    ports.close();
  }

  private QuicChannel dial(Loop on) throws Exception {
    return result(
        caller.port().dial(server.id(), QuicConnection.PROTOCOL, on, (channel, loop) -> {}));
  }

  private void call(QuicChannel channel, Loop on) throws Exception {
    result(new QuicConnection(channel, on).call(METHOD, PodQuery.getDefaultInstance(), DEADLINE));
  }

  @Test
  void shouldKnowTheCallerByItsCertificate() throws Exception {
    call(dial(caller.loop()), caller.loop());

    assertThat(callers).containsExactly(Caller.member(caller.id().value(), "the mesh"));
  }

  @Test
  void shouldServeTheLoopsOfOneNodeOnDifferentLoops() throws Exception {
    for (Loop loop : caller.loops()) {
      call(dial(loop), loop);
    }

    assertThat(threads).hasSize(2);
  }

  @Test
  void shouldCloseConnectionsOfOneNodeThatAreTooMany() throws Exception {
    List<QuicChannel> channels = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      channels.add(dial(caller.loop()));
      call(channels.get(i), caller.loop());
    }

    QuicChannel fourth = dial(caller.loop());

    await().until(() -> !fourth.isActive());
    call(channels.get(0), caller.loop());
    // When one is gone there is room again.
    var unused = channels.get(1).close();
    await().ignoreExceptions().untilAsserted(() -> call(dial(caller.loop()), caller.loop()));
  }
}

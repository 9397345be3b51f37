package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.HostPort;
import dev.weft.config.GrpcConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Authorities;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import dev.weft.testkit.PlainGrpc;
import dev.weft.testkit.TestCluster;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.PodQuery;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NodeListenersTest {
  private static final String LOOPBACK = "127.0.0.1";
  private static final String MESHNET = "127.0.0.7";
  private static final GrpcMethod<PodQuery, BoolResponse> METHOD =
      new GrpcMethod<>(
          Meshnet.getDescriptor().findServiceByName("Local"),
          "RemGRPCWire",
          PodQuery.getDefaultInstance(),
          BoolResponse.getDefaultInstance());

  private final Vertx vertx = Vertx.vertx();
  private final GrpcListener listener = new GrpcListener(vertx);

  @BeforeEach
  void serve() {
    listener.serve(
        METHOD,
        Set.of(Listener.LOCAL),
        (caller, query) ->
            Future.succeededFuture(BoolResponse.newBuilder().setResponse(true).build()));
  }

  @AfterEach
  void close() throws Exception {
    TestCluster.await(vertx.close());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private NodeListeners listeners(int meshnet) {
    return new NodeListeners(
        listener,
        new GrpcConfig(
            LOOPBACK,
            0,
            new HostPort(LOOPBACK, 0),
            Optional.of(new HostPort(MESHNET, meshnet)),
            Optional.empty()),
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true),
        null,
        Authorities.read(List.of(), Clock.systemUTC()));
  }

  @Test
  void shouldServeMeshnetsPluginWhereItLooksBesideForeignDaemons() throws Exception {
    int port = freePort();
    NodeListeners listeners = listeners(port);

    TestCluster.await(listeners.open());

    assertThat(listeners.unserved()).isEmpty();
    try (PlainGrpc plugin = new PlainGrpc(LOOPBACK)) {
      BoolResponse answer =
          plugin.call(
              LOOPBACK,
              port,
              "Local/RemGRPCWire",
              PodQuery.getDefaultInstance(),
              BoolResponse.getDefaultInstance());
      assertThat(answer.getResponse()).isTrue();
    }
  }

  @Test
  void shouldSayThatThePluginIsNotServedWhereAnotherProgramHasThePort() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      NodeListeners listeners = listeners(other.getLocalPort());

      TestCluster.await(listeners.open());

      assertThat(listeners.unserved().orElseThrow())
          .startsWith("grpc.meshnet: cannot listen on 127.0.0.1:" + other.getLocalPort());
    }
  }
}

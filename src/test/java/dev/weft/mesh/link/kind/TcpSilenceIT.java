package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.HostPort;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever connects and says nothing is waited for, but not for long. */
class TcpSilenceIT {
  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx();
  private TcpKind kind;

  @BeforeEach
  void make() {
    SecurityConfig insecure =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    kind =
        new TcpKind(
            vertx, () -> Loop.of(vertx), Identity.load(insecure, directory, Clock.systemUTC()));
  }

  @AfterEach
  void close() throws Exception {
    TransportContract.result(vertx.close());
  }

  private Future<Transport> dial(Optional<HostPort> proxy, int port) {
    return kind.dial(
        new MeshConfig.Link(
            new MeshConfig.LinkAddress("tcp", "127.0.0.1:" + port), Optional.empty(), proxy, 0));
  }

  @Test
  void shouldTellWhatIsSilent() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      HostPort at = new HostPort("127.0.0.1", silent.getLocalPort());

      Future<Transport> node = dial(Optional.empty(), at.port());
      Future<Transport> proxied = dial(Optional.of(at), 7654);

      assertThatThrownBy(() -> TransportContract.result(node))
          .hasMessage("tcp://" + at + ": no TLS handshake within 5 s");
      assertThatThrownBy(() -> TransportContract.result(proxied))
          .hasMessage("tcp://127.0.0.1:7654: proxy " + at + ": no answer to CONNECT within 5 s");
    }
  }

  @Test
  void shouldHangUpOnASilentClient() throws Exception {
    String listening = TransportContract.result(kind.listen("127.0.0.1:0", link -> {})).address();
    int port = HostPort.parse(listening.substring("tcp://".length()), -1).orElseThrow().port();

    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      client.setSoTimeout(20_000);

      assertThat(client.getInputStream().readAllBytes().length).isLessThan(100);
    }
  }
}

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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever connects and says nothing is waited for, but not for long. */
class TcpSilenceIT {
  @TempDir static Path directory;
  private static final Vertx vertx = Vertx.vertx();
  private static ServerSocket silent;
  private static Socket client;
  private static Future<Transport> node;
  private static Future<Transport> proxied;

  /** All at once, for each is waited for as long. */
  @BeforeAll
  static void beSilent() throws Exception {
    SecurityConfig insecure =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    TcpKind kind =
        new TcpKind(
            vertx, () -> Loop.of(vertx), Identity.load(insecure, directory, Clock.systemUTC()));
    silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    node = kind.dial(link("127.0.0.1:" + silent.getLocalPort(), Optional.empty()));
    proxied = kind.dial(link("127.0.0.1:7654", Optional.of(at())));
    String listening = TransportContract.result(kind.listen("127.0.0.1:0", link -> {})).address();
    int port = HostPort.parse(listening.substring("tcp://".length()), -1).orElseThrow().port();
    client = new Socket(InetAddress.getLoopbackAddress(), port);
  }

  @AfterAll
  static void close() throws Exception {
    client.close();
    silent.close();
    TransportContract.result(vertx.close());
  }

  private static HostPort at() {
    return new HostPort("127.0.0.1", silent.getLocalPort());
  }

  private static MeshConfig.Link link(String to, Optional<HostPort> proxy) {
    return new MeshConfig.Link(new MeshConfig.LinkAddress("tcp", to), Optional.empty(), proxy, 0);
  }

  @Test
  void shouldTellWhatIsSilent() {
    assertThatThrownBy(() -> TransportContract.result(node))
        .hasMessage("tcp://" + at() + ": no TLS handshake within 5 s");
    assertThatThrownBy(() -> TransportContract.result(proxied))
        .hasMessage("tcp://127.0.0.1:7654: proxy " + at() + ": no answer to CONNECT within 5 s");
  }

  @Test
  void shouldHangUpOnASilentClient() throws Exception {
    client.setSoTimeout(20_000);

    assertThat(client.getInputStream().readAllBytes().length).isLessThan(100);
  }
}

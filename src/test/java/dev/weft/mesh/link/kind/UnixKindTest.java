package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.config.MeshConfig;
import dev.weft.mesh.link.LinkKind.Listening;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixKindTest extends TransportContract {
  @TempDir Path directory;
  private final BlockingQueue<Transport> accepted = new LinkedBlockingQueue<>();
  private final UnixKind kind = new UnixKind(vertx, () -> Loop.of(vertx));

  private Path socket() {
    return directory.resolve("mesh.sock");
  }

  private Listening listen() throws Exception {
    return result(kind.listen(socket().toString(), accepted::add));
  }

  private Transport dial() throws Exception {
    return result(kind.dial(link(socket())));
  }

  private static MeshConfig.Link link(Path socket) {
    return new MeshConfig.Link(
        new MeshConfig.LinkAddress("unix", socket.toString()),
        Optional.empty(),
        Optional.empty(),
        0);
  }

  @Override
  Ends link() throws Exception {
    listen();
    return new Ends(dial(), accepted.poll(10, TimeUnit.SECONDS));
  }

  @Test
  void shouldListenForItsUserAloneAndSayWhoCame() throws Exception {
    Listening listening = listen();
    Transport one = dial();
    Transport other = accepted.poll(10, TimeUnit.SECONDS);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
        .isEqualTo("rw-------");
    assertThat(listening.address()).isEqualTo("unix:" + socket());
    assertThat(one.remote()).isEqualTo(socket().toString());
    assertThat(other.remote()).startsWith(socket() + " (uid ");
    assertThat(one.proven()).isEmpty();
    assertThat(one.proof()).isEqualTo("none");
  }

  @Test
  void shouldReplaceTheSocketOfAProcessThatIsGone() throws Exception {
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket()));
    }

    listen();

    assertThat(dial().kind()).isEqualTo("unix");
  }

  @Test
  void shouldNotReplaceASocketThatIsServed() throws Exception {
    listen();

    assertThatThrownBy(this::listen).hasMessageContaining(socket() + " is served by another");
    assertThat(dial().kind()).isEqualTo("unix");
  }

  @Test
  void shouldRefuseAPathInNoDirectory() {
    assertThatThrownBy(() -> result(kind.listen(directory + "/none/mesh.sock", accepted::add)))
        .hasMessageContaining("in an existing directory");
  }

  @Test
  void shouldNameTheSocketThatNobodyServes() throws Exception {
    assertThatThrownBy(this::dial).hasMessage("unix:" + socket() + ": no such socket");
    Files.writeString(socket(), "no socket");
    assertThatThrownBy(this::dial).hasMessage("unix:" + socket() + ": nobody serves it");
  }

  @Test
  void shouldRemoveTheSocketWhenItNoLongerListens() throws Exception {
    Listening listening = listen();
    Transport one = dial();
    Transport other = accepted.poll(10, TimeUnit.SECONDS);

    result(listening.close());

    assertThat(socket()).doesNotExist();
    ReceivedFrames received = ReceivedFrames.of(other);
    send(one, List.of(frame(9)));
    await().until(() -> received.frames().size() == 1);
  }

  @Test
  void shouldNotNeedTheNativeTransport() throws Exception {
    Vertx nio = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
    try {
      UnixKind plain = new UnixKind(nio, () -> Loop.of(nio));
      result(plain.listen(socket().toString(), accepted::add));
      Transport one = result(plain.dial(link(socket())));
      Transport other = accepted.poll(10, TimeUnit.SECONDS);
      ReceivedFrames received = ReceivedFrames.of(other);

      send(one, List.of(frame(1400)));

      await().until(() -> received.frames().size() == 1);
      assertThat(other.remote()).isEqualTo(socket().toString());
    } finally {
      result(nio.close());
    }
  }

  @Test
  void shouldEndAtAFrameThatIsTooLong() throws Exception {
    listen();
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
      ReceivedFrames received = ReceivedFrames.of(accepted.poll(10, TimeUnit.SECONDS));

      client.write(ByteBuffer.wrap(new byte[] {0, 0, 'a', (byte) 0xdb, 5}));

      await().until(() -> !received.reasons().isEmpty());
      assertThat(received.frames()).containsExactly("a".getBytes(StandardCharsets.US_ASCII));
      assertThat(received.reasons()).containsExactly("a frame of 1500 bytes (expected: 1..1400)");
    }
  }
}

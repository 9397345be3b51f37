package dev.weft.rpc;

import static dev.weft.rpc.TestMethods.ASK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Four connections of a user, six in all. */
class AcceptLimitsTest {
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final AcceptLimits limits = new AcceptLimits(4, 6, Duration.ofSeconds(1));
  private final List<SocketChannel> silent = new ArrayList<>();
  private final List<UnixClient> clients = new ArrayList<>();
  private final List<UnixListener> listeners = new ArrayList<>();
  private Path directory;

  // Not JUnit's: its path may be too long for a socket.
  @BeforeEach
  void start() throws IOException {
    directory = Files.createTempDirectory(Path.of("/tmp"), "wa");
  }

  @AfterEach
  void stop() throws IOException {
    for (SocketChannel channel : silent) {
      channel.close();
    }
    clients.forEach(client -> done(client.close()));
    listeners.forEach(listener -> done(listener.close()));
    done(vertx.close());
    Files.delete(directory);
  }

  private static <T> T done(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private Path serve(String name) {
    Path socket = directory.resolve(name);
    UnixListener listener =
        new UnixListener(vertx, socket, directory, limits)
            .serve(
                ASK,
                (peer, request) ->
                    Future.succeededFuture(EndpointConnectionReply.getDefaultInstance()));
    listeners.add(listener);
    done(listener.listen());
    return socket;
  }

  /** Connects and says nothing. */
  private SocketChannel connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    silent.add(channel);
    return channel;
  }

  /** A call by a connection that stays open. */
  private void call(Path socket) {
    UnixClient client = new UnixClient(vertx);
    clients.add(client);
    done(
        client.call(
            socket, ASK, EndpointConnectionRequest.getDefaultInstance(), Duration.ofSeconds(20)));
  }

  /** Waits until the other side closed it. */
  private static void awaitClosed(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    await().atMost(Duration.ofSeconds(20)).until(() -> channel.read(ByteBuffer.allocate(64)) < 0);
  }

  @Test
  void shouldServeWhoSpeaksWhileThousandsSayNothing() throws IOException {
    Path socket = serve("a");
    List<SocketChannel> flood = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      flood.add(connect(socket));
    }

    call(socket);

    awaitClosed(flood.get(0));
  }

  @Test
  void shouldRefuseAUserWhoHasAllThatMayBeHadAndUsesThem() {
    Path socket = serve("a");
    for (int i = 0; i < 4; i++) {
      call(socket);
    }

    assertThatThrownBy(() -> call(socket)).isNotNull();

    done(clients.get(0).close());
    await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> answers(socket));
  }

  @Test
  void shouldNotHoldMoreInAllThanItMay() {
    Path first = serve("a");
    Path second = serve("b");
    for (int i = 0; i < 3; i++) {
      call(first);
      call(second);
    }

    assertThatThrownBy(() -> call(second)).isNotNull();
  }

  @Test
  void shouldNotWaitForEverForAFirstWord() throws IOException {
    SocketChannel channel = connect(serve("a"));

    awaitClosed(channel);

    assertThat(channel.isOpen()).isTrue();
  }

  private boolean answers(Path socket) {
    call(socket);
    return true;
  }
}

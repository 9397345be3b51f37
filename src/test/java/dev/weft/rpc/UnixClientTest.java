package dev.weft.rpc;

import static dev.weft.rpc.TestMethods.ASK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

public class UnixClientTest {
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final UnixClient dial = new UnixClient(vertx);
  private Path directory;
  private Path socket;

  // Not JUnit's: its path may be too long for a socket.
  @BeforeEach
  public void start() throws Exception {
    directory = Files.createTempDirectory(Path.of("/tmp"), "wu");
    socket = directory.resolve("endpoint.sock");
  }

  @AfterEach
  public void stop() throws Exception {
    await(dial.close());
    await(vertx.close());
    Files.deleteIfExists(socket);
    Files.delete(directory);
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  /** In the place of whoever is there, who goes on to listen without a name. */
  private void serve(String who) throws Exception {
    Files.deleteIfExists(socket);
    await(
        new UnixListener(vertx, socket, directory, AcceptLimits.ofProcess())
            .serve(
                ASK,
                (peer, request) ->
                    Future.succeededFuture(
                        EndpointConnectionReply.newBuilder().setLinuxNamespace(who).build()))
            .listen());
  }

  private UnixClient.Answer<EndpointConnectionReply> ask(Duration deadline) {
    return await(dial.call(socket, ASK, EndpointConnectionRequest.getDefaultInstance(), deadline));
  }

  private String answer() {
    return ask(Duration.ofSeconds(10)).message().getLinuxNamespace();
  }

  @Test
  public void shouldTellWhoAnswered() throws Exception {
    serve("one");

    UnixPeer by = ask(Duration.ofSeconds(10)).by();

    assertThat(by.pid()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(by.uid()).isEqualTo(Files.getAttribute(directory, "unix:uid"));
  }

  @Test
  public void shouldKeepItsConnectionUntilItIsForgotten() throws Exception {
    serve("one");
    assertThat(answer()).isEqualTo("one");
    serve("two");
    assertThat(answer()).isEqualTo("one");

    dial.forget(socket);

    assertThat(answer()).isEqualTo("two");
  }

  @Test
  public void shouldNotWaitAgainForAProgramThatNeverSpoke() throws Exception {
    try (ServerSocketChannel mute = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      mute.bind(UnixDomainSocketAddress.of(socket));
      assertThatThrownBy(() -> ask(Duration.ofMillis(300)))
          .isInstanceOf(CompletionException.class)
          .hasMessageContaining(socket + ": no answer within 300 ms");

      serve("another");

      assertThat(answer()).isEqualTo("another");
    }
  }

  @Test
  public void shouldNotKeepALongAnswer() throws Exception {
    serve("x".repeat((64 << 10) + 1));

    assertThatThrownBy(this::answer)
        .hasMessageContaining(socket + ": an answer of more than 65536 bytes");

    dial.forget(socket);
    serve("short");
    assertThat(answer()).isEqualTo("short");
  }

  @Test
  public void shouldSayThatNobodyListens() {
    assertThatThrownBy(this::answer).hasMessageContaining(socket + ": ");
  }
}

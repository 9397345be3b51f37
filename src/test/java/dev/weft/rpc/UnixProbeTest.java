package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class UnixProbeTest {
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private Path directory;
  private Path socket;

  // Not JUnit's: its path may be too long for a socket.
  @BeforeEach
  void start() throws IOException {
    directory = Files.createTempDirectory(Path.of("/tmp"), "wp");
    socket = directory.resolve("endpoint.sock");
  }

  @AfterEach
  void stop() throws IOException {
    done(vertx.close());
    Files.deleteIfExists(socket);
    Files.delete(directory);
  }

  private static <T> T done(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private Optional<Boolean> speaks(Duration deadline) {
    return done(new UnixProbe(vertx, deadline).speaks(socket));
  }

  @Test
  void shouldHearAServerThatRuns() {
    done(new UnixListener(vertx, socket, directory, AcceptLimits.ofProcess()).listen());

    assertThat(speaks(Duration.ofSeconds(20))).contains(true);
  }

  @Test
  void shouldHearNothingOfOneThatIsStopped() throws IOException {
    try (ServerSocketChannel stopped = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stopped.bind(UnixDomainSocketAddress.of(socket));

      assertThat(speaks(Duration.ofMillis(200))).contains(false);
    }
  }

  @Test
  void shouldNotJudgeWhatItCannotReach() {
    assertThat(speaks(Duration.ofSeconds(20))).isEmpty();
  }
}

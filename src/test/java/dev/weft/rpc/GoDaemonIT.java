package dev.weft.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.HostPort;
import dev.weft.testkit.GoProgram;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams to a server of grpc-go, in which meshnet's daemon is written. */
@Needs(Need.GRPC_GO)
class GoDaemonIT {
  private static final String STREAM = "/meshnet.v1beta1.WireProtocol/SendToStream";
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final int FRAMES = 5000;

  @TempDir static Path built;
  private static Path program;

  private final Vertx vertx = Vertx.vertx();
  private final Http2Client client = new Http2Client(vertx, GrpcSettings.client(), Map.of());
  private Process daemon;
  private BufferedReader output;
  private Http2Connection connection;

  @BeforeAll
  static void build() throws Exception {
    program = GoProgram.build("grpc-daemon", built);
  }

  @BeforeEach
  void connect() throws Exception {
    daemon = new ProcessBuilder(program.toString()).redirectErrorStream(true).start();
    output = daemon.inputReader(UTF_8);
    HostPort at = new HostPort("127.0.0.1", Integer.parseInt(line("port ")));
    connection = await(client.connect(at, at.host(), "the daemon", Loop.of(vertx)));
  }

  private String line(String beginning) throws IOException {
    String line = output.readLine();
    assertThat(line).startsWith(beginning);
    return line.substring(beginning.length());
  }

  @AfterEach
  void close() throws Exception {
    await(client.close());
    await(vertx.close());
    daemon.destroyForcibly().waitFor();
  }

  @Test
  void shouldAskWhetherTheDaemonHasStreams() {
    assertThat(await(connection.serves(STREAM, SOON))).isTrue();
    assertThat(await(connection.serves(STREAM + "s", SOON))).isFalse();
  }

  @Test
  void shouldSendFrames() throws Exception {
    OutStream stream = await(connection.stream(STREAM, Optional.empty()));
    byte[] message = {0, 0, 0, 0, 4, 8, 1, 0x12, 0};

    for (int i = 0; i < FRAMES; i++) {
      stream.loop().run(() -> stream.write(Unpooled.copiedBuffer(message), () -> {}));
    }
    Future<Void> finished = stream.loop().call(stream::finish);

    await(finished);
    assertThat(line("frames ")).isEqualTo(String.valueOf(FRAMES));
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }
}

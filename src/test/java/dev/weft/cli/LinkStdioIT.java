package dev.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LinkStdioIT {
  @TempDir Path directory;
  private Path socket;
  private ServerSocketChannel node;
  private Process process;

  @BeforeEach
  void listen() throws IOException {
    socket = directory.resolve("mesh.sock");
    node = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    node.bind(UnixDomainSocketAddress.of(socket));
  }

  @AfterEach
  void end() throws IOException {
    node.close();
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private void start(String... arguments) throws IOException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command =
        new ArrayList<>(List.of(java.toString(), "-jar", System.getProperty("weft.jar")));
    command.add("link-stdio");
    command.addAll(List.of(arguments));
    process = new ProcessBuilder(command).start();
  }

  private int awaitExit() throws InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
    return process.exitValue();
  }

  private String errors() throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void shouldJoinItsStreamsToTheSocketThatTheConfigurationNames() throws Exception {
    Path conf = directory.resolve("weft.yaml");
    Files.writeString(conf, "mesh: { listen: [ 'unix:" + socket + "' ] }");
    byte[] sent = new byte[100_000];
    new SplittableRandom(1).nextBytes(sent);

    start("--conf", conf.toString());
    SocketChannel accepted = node.accept();

    process.getOutputStream().write(sent);
    process.getOutputStream().close();
    assertThat(readAll(accepted)).isEqualTo(sent);
    // The node may have something to say when it has heard all.
    accepted.write(ByteBuffer.wrap(Arrays.copyOf(sent, 5)));
    accepted.close();
    assertThat(process.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(sent, 5));
    assertThat(errors()).isEmpty();
    assertThat(awaitExit()).isEqualTo(ExitCode.OK);
  }

  private static byte[] readAll(SocketChannel from) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(200_000);
    while (from.read(all) >= 0) {
      assertThat(all.hasRemaining()).isTrue();
    }
    return Arrays.copyOf(all.array(), all.position());
  }

  @Test
  void shouldEndWithTheNode() throws Exception {
    start("--socket", socket.toString());

    node.accept().close();

    assertThat(process.getInputStream().readAllBytes()).isEmpty();
    assertThat(awaitExit()).isEqualTo(ExitCode.OK);
  }

  @Test
  void shouldFailIfNobodyServesTheSocket() throws Exception {
    node.close();

    start("--socket", socket.toString());

    assertThat(process.getInputStream().readAllBytes()).isEmpty();
    assertThat(errors()).startsWith("weft: " + socket + ": ").contains("refused");
    assertThat(awaitExit()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void shouldRefuseAConfigurationWithoutASocket() throws Exception {
    Path conf = directory.resolve("weft.yaml");
    Files.writeString(conf, "{}");

    start("--conf", conf.toString());

    assertThat(process.getInputStream().readAllBytes()).isEmpty();
    assertThat(errors())
        .isEqualTo("weft: " + conf + ": mesh.listen: no unix:PATH (expected: one, or --socket)\n");
    assertThat(awaitExit()).isEqualTo(ExitCode.USAGE);
  }
}

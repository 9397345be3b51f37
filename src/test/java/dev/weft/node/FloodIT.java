package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.testkit.WeftProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Others open more connections than a node with 1,024 descriptors can have. */
@Tag("alone")
class FloodIT {
  private static final int DESCRIPTORS = 1024;
  private static final int FLOOD = 1500;
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Pattern READY =
      Pattern.compile("is ready: .* http://127.0.0.1:(\\d+), gRPC port (\\d+)");

  @TempDir Path directory;
  private final List<Socket> flood = new ArrayList<>();
  private WeftProcess node;
  private int api;
  private int grpc;

  @BeforeEach
  void start() throws Exception {
    String conf =
        Files.writeString(
                directory.resolve("weft.yaml"),
                """
                node: { name: alone, data: %1$s/data }
                cluster: { port: 0 }
                grpc: { port: 0 }
                http: { port: 0 }
                wires: { on-stop: remove }
                subnets: { overlay: "", runtime: "", on-stop: remove }
                nsm: { sockets: %1$s/nsm }
                """
                    .formatted(directory))
            .toString();
    List<String> poor = List.of("sh", "-c", "ulimit -n " + DESCRIPTORS + "; exec \"$@\"", "poor");
    node = WeftProcess.start(directory, poor, "run", "--conf", conf);
    Matcher ready = node.awaitLine(READY);
    api = Integer.parseInt(ready.group(1));
    grpc = Integer.parseInt(ready.group(2));
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : flood) {
      socket.close();
    }
    node.close();
  }

  @Test
  void shouldAnswerWhileThousandsSayNothing() throws Exception {
    for (int i = 0; i < FLOOD; i++) {
      connect("127.0.0.1", i % 2 == 0 ? api : grpc);
    }

    assertThat(descriptors()).isLessThan(DESCRIPTORS / 4 * 3);
    await("an answer").atMost(SOON).ignoreExceptions().until(this::isReady);
    assertThat(descriptors()).isLessThan(DESCRIPTORS / 4 * 3);
    await("all are closed in the end")
        .atMost(SOON)
        .untilAsserted(() -> assertThat(open()).isZero());
    assertThat(node.err()).contains("refused: 127.0.0.1 has too many (expected: 64 at most");
    assertThat(node.stop()).as(node.err()).isZero();
  }

  @Test
  void shouldAnswerOthersWhileOneHoldsAllItMayAndSpeaks() throws Exception {
    for (int i = 0; i < FLOOD / 5; i++) {
      try {
        Socket socket = connect("127.0.0.2", api);
        socket.getOutputStream().write("GET /".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        assertThat(e).as("refused").isNotNull();
      }
    }

    assertThat(descriptors()).isLessThan(DESCRIPTORS / 4 * 3);
    await("an answer").atMost(SOON).ignoreExceptions().until(this::isReady);
    assertThat(descriptors()).isLessThan(DESCRIPTORS / 4 * 3);
  }

  private Socket connect(String from, int port) throws IOException {
    Socket socket = new Socket();
    flood.add(socket);
    socket.bind(new InetSocketAddress(from, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5000);
    return socket;
  }

  /** Connections of the flood that the node has not closed. */
  private int open() throws IOException {
    int open = 0;
    for (Socket socket : flood) {
      open += isOpen(socket) ? 1 : 0;
    }
    return open;
  }

  private static boolean isOpen(Socket socket) throws IOException {
    socket.setSoTimeout(1);
    try {
      return socket.getInputStream().read() >= 0;
    } catch (SocketTimeoutException e) {
      return true;
    } catch (IOException reset) {
      return false;
    }
  }

  private boolean isReady() throws IOException, InterruptedException {
    int status =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api + "/readyz"))
                    .timeout(SOON)
                    .build(),
                BodyHandlers.discarding())
            .statusCode();
    return status == 200;
  }

  private long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(node.pid()), "fd"))) {
      return open.count();
    }
  }
}

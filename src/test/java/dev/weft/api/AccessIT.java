package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.WeftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AccessIT {
  private static final String NODE = "GET /api/v1/node HTTP/1.1";

  @TempDir Path directory;
  private TestNode node;

  @BeforeEach
  void make() {
    node = new TestNode();
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Nested
  final class WithoutTokens {
    @BeforeEach
    void start() {
      node.start();
    }

    @ParameterizedTest
    @ValueSource(
        strings = {"127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT", "127.9.8.7", "localhost:1"})
    void shouldAnswerToNamesOfThisHostAtAnyPort(String host) throws Exception {
      String name = host.replace("PORT", Integer.toString(node.port()));

      String answer = RawHttp.send(node.port(), NODE, "Host: " + name);

      assertThat(RawHttp.status(answer)).as(answer).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "evil.example",
          "evil.example:PORT",
          "localhost.evil.example:PORT",
          "10.0.0.1:PORT",
          "localhost:99999999999"
        })
    void shouldRefuseAnotherHost(String host) throws Exception {
      String name = host.replace("PORT", Integer.toString(node.port()));

      String answer = RawHttp.send(node.port(), NODE, "Host: " + name);

      assertThat(RawHttp.status(answer)).as(answer).isIn(400, 403);
      assertThat(answer).doesNotContain("\"rooms\"");
    }

    @ParameterizedTest
    @CsvSource({
      "http://localhost:PORT,200",
      "http://localhost:3000,403",
      "https://localhost:PORT,403",
      "http://evil.example,403",
      "null,403"
    })
    void shouldRefuseAnotherOrigin(String origin, int status) throws Exception {
      String port = Integer.toString(node.port());

      String answer =
          RawHttp.send(
              node.port(),
              NODE,
              "Host: localhost:" + port,
              "Origin: " + origin.replace("PORT", port));

      assertThat(RawHttp.status(answer)).as(answer).isEqualTo(status);
    }

    @Test
    void shouldRefuseWhatAPageCanPostWithoutAsking() throws Exception {
      String answer =
          RawHttp.send(
              node.port(),
              "POST /api/v1/topologies HTTP/1.1",
              "Host: localhost:" + node.port(),
              "Content-Type: text/plain",
              "Content-Length: 0");

      assertThat(RawHttp.status(answer)).as(answer).isEqualTo(415);
    }

    @Test
    void shouldLetProbesThroughByAnyName() throws Exception {
      String answer = RawHttp.send(node.port(), "GET /livez HTTP/1.1", "Host: pod.example");

      assertThat(RawHttp.status(answer)).isEqualTo(200);
    }
  }

  @Nested
  final class WithTokens {
    private Path admin;
    private Path reader;

    @BeforeEach
    void start() throws IOException {
      admin = secret("admin", "s3cret\nsecond\n");
      reader = secret("reader", "onlooker\n");
      node.start(0, "", admin, reader);
    }

    @ParameterizedTest
    @CsvSource({
      "GET,/api/v1/node,s3cret,200",
      "GET,/api/v1/node,second,200",
      "GET,/api/v1/node,onlooker,200",
      "GET,/api/v1/node,wrong,401",
      "GET,/api/v1/node,,401",
      "GET,/metrics,onlooker,200",
      "GET,/metrics,,401",
      "GET,/api/v1/nowhere,,401",
      "DELETE,/api/v1/pods/lab/r1,s3cret,404",
      "DELETE,/api/v1/pods/lab/r1,onlooker,403",
      "DELETE,/api/v1/pods/lab/r1,wrong,401",
      "GET,/livez,,200",
      "GET,/readyz,,200",
      "GET,/,,200",
    })
    void shouldAskForAToken(String method, String path, String token, int status) throws Exception {
      String answer = ask(method, path, token);

      assertThat(RawHttp.status(answer)).as(answer).isEqualTo(status);
      assertThat(answer.toLowerCase(java.util.Locale.ROOT).contains("www-authenticate: bearer"))
          .as(answer)
          .isEqualTo(status == 401);
    }

    @Test
    void shouldAnswerTheHolderOfATokenByAnyName() throws Exception {
      String answer =
          RawHttp.send(node.port(), NODE, "Host: node.example", "Authorization: bearer s3cret");

      assertThat(RawHttp.status(answer)).as(answer).isEqualTo(200);
    }

    @Test
    void shouldReadAChangedFileAgain() throws Exception {
      Files.writeString(admin, "new\n");

      assertThat(RawHttp.status(ask("GET", "/api/v1/node", "s3cret"))).isEqualTo(401);
      assertThat(RawHttp.status(ask("GET", "/api/v1/node", "new"))).isEqualTo(200);
    }

    @Test
    void shouldLetNobodyInWhileTheFileIsGoneAndSaySo() throws Exception {
      Files.delete(admin);
      String refused = ask("GET", "/api/v1/node", "s3cret");
      String told = ask("GET", "/readyz?verbose", null);
      secret("admin", "s3cret\n");
      String answered = ask("GET", "/api/v1/node", "s3cret");

      assertThat(RawHttp.status(refused)).isEqualTo(401);
      assertThat(told).contains("token-file-unreadable:admin");
      assertThat(RawHttp.status(answered)).isEqualTo(200);
      assertThat(answered).doesNotContain("token-file-unreadable");
    }

    @Test
    void shouldWarnOfAFileThatEverybodyCanRead() throws Exception {
      Files.setPosixFilePermissions(admin, PosixFilePermissions.fromString("rw-r--r--"));

      String answer = ask("GET", "/api/v1/node", "s3cret");

      assertThat(answer).contains("token-file-mode:admin", "chmod 640 " + admin);
    }

    private String ask(String method, String path, String token) throws IOException {
      String line = method + " " + path + " HTTP/1.1";
      return token == null
          ? RawHttp.send(node.port(), line, "Host: x")
          : RawHttp.send(node.port(), line, "Host: x", "Authorization: Bearer " + token);
    }
  }

  @Test
  void shouldRefuseToStartWithoutWhatItWasTold() throws IOException {
    Path missing = directory.resolve("missing");
    Path empty = secret("empty", "\n");

    assertThatThrownBy(() -> node.start(0, "", missing, null))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining(missing + ": not readable");
    assertThatThrownBy(() -> node.start(0, "", empty, null))
        .hasMessageContaining(empty + ": empty (expected: one token a line)");
    assertThatThrownBy(() -> node.start(0, "", null, empty))
        .hasMessageContaining("http.token-file: none");
    assertThatThrownBy(
            () ->
                new ApiSettings(
                    "0.0.0.0", 0, "", null, null, new NodeInfo("a", "b", "c", 1, Instant.EPOCH)))
        .hasMessageContaining("http.host: 0.0.0.0 (expected: a loopback address");
  }

  private Path secret(String name, String text) throws IOException {
    Path file = Files.writeString(directory.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }
}

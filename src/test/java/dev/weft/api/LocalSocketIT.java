package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalSocketIT {
  @TempDir Path directory;
  private Path socket;
  private TestNode node;

  @BeforeEach
  void make() {
    socket = directory.resolve("http.sock");
    node = new TestNode();
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void shouldAnswerWithoutATokenToItsOwnerAlone() throws Exception {
    Path tokens = Files.writeString(directory.resolve("tokens"), "s3cret\n");
    node.start(0, socket.toString(), tokens, null);

    String answer = RawHttp.send(socket, "GET /api/v1/node HTTP/1.1", "Host: anything");

    assertThat(RawHttp.status(answer)).as(answer).isEqualTo(200);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
  }

  @Test
  void shouldLeaveNothingBehind() throws Exception {
    node.start(0, socket.toString(), null, null);
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).containsExactly(socket);
    }

    node.stop();

    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void shouldReplaceASocketThatNobodyServes() throws Exception {
    try (ServerSocketChannel stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(socket));
    }

    node.start(0, socket.toString(), null, null);

    assertThat(RawHttp.status(RawHttp.send(socket, "GET /livez HTTP/1.1", "Host: x")))
        .isEqualTo(200);
  }

  @Test
  void shouldRefuseASocketThatAnotherProgramServes() throws Exception {
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(socket));

      assertThatThrownBy(() -> node.start(0, socket.toString(), null, null))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.CONFLICT))
          .hasMessageContaining(socket + " is served by another program")
          .hasMessageEndingWith(" pid " + ProcessHandle.current().pid() + ")");
      assertThat(socket).exists();
    }
  }

  @Test
  void shouldRefuseAnotherKindOfFile() throws IOException {
    Files.writeString(socket, "precious");

    assertThatThrownBy(() -> node.start(0, socket.toString(), null, null))
        .hasMessageContaining("http.socket: " + socket);
    assertThat(socket).hasContent("precious");
  }

  @Test
  void shouldRefuseAMissingDirectoryAndALongPath() {
    String missing = directory.resolve("none/http.sock").toString();
    String tooLong = directory.resolve("s".repeat(120)).toString();

    assertThatThrownBy(() -> node.start(0, missing, null, null))
        .hasMessageContaining("http.socket: " + missing);
    assertThatThrownBy(() -> node.start(0, tooLong, null, null)).hasMessageContaining("at most");
    assertThat(directory).isEmptyDirectory();
  }
}

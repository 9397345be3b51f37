package dev.weft.api;

import dev.weft.bus.Fault;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The node's Unix socket, mode 0600. It is bound in a directory that only its owner may enter and
 * moved into place once its mode is set, so that at no moment another user can connect.
 */
final class LocalSocket {
  /** sockaddr_un.sun_path holds 108 bytes with the closing zero (unix(7)). */
  private static final int MAX_PATH = 107;

  private static final int FILE_TYPE = 0170000;
  private static final int SOCKET = 0140000;

  private final Vertx vertx;
  private final Path path;

  LocalSocket(Vertx vertx, String path) {
    this.vertx = vertx;
    this.path = Path.of(path).toAbsolutePath();
  }

  /**
   * CONFLICT if a program answers there; INVALID if another kind of file is there, or the path is
   * too long or its directory missing.
   */
  Future<Void> listen(HttpServer server) {
    return vertx
        .executeBlocking(this::nursery)
        .compose(
            nursery ->
                server
                    .listen(SocketAddress.domainSocketAddress(nursery.resolve("s").toString()))
                    .compose(s -> vertx.executeBlocking(() -> moveIntoPlace(nursery)))
                    .eventually(() -> vertx.executeBlocking(() -> remove(nursery))));
  }

  /** Removes the socket, after its server was closed. */
  Future<Void> remove() {
    return vertx.executeBlocking(
        () -> {
          Files.deleteIfExists(path);
          return null;
        });
  }

  private Path nursery() throws IOException {
    Path directory = path.getParent();
    if (!Files.isDirectory(directory)) {
      throw Fault.invalid("http.socket", path, "a path in an existing directory");
    }
    refuseWhatIsThere();
    Path nursery =
        Files.createTempDirectory(
            directory,
            ".weft",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    int longest = Math.max(bytes(nursery.resolve("s")), bytes(path));
    if (longest > MAX_PATH) {
      Files.delete(nursery);
      int spare = longest - bytes(path);
      throw Fault.invalid("http.socket", path, "at most " + (MAX_PATH - spare) + " bytes");
    }
    return nursery;
  }

  private void refuseWhatIsThere() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & FILE_TYPE) != SOCKET) {
      throw Fault.invalid("http.socket", path, "no file there, or a socket; it is another file");
    }
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      throw Fault.CONFLICT.because("http.socket: " + path + " is served by another program");
    } catch (IOException nobodyAnswers) {
      // A socket left by a process that is gone; the move replaces it.
    }
  }

  private Void moveIntoPlace(Path nursery) throws IOException {
    Path bound = nursery.resolve("s");
    Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-------"));
    Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return null;
  }

  private static Void remove(Path nursery) throws IOException {
    Files.deleteIfExists(nursery.resolve("s"));
    Files.deleteIfExists(nursery);
    return null;
  }

  private static int bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
  }
}

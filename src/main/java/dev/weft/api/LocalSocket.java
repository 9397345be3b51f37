package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.linux.SocketFile;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The node's Unix socket, as {@link SocketFile} makes it. */
final class LocalSocket {
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
                    .listen(SocketAddress.domainSocketAddress(SocketFile.bound(nursery).toString()))
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
    if (!Files.isDirectory(path.getParent())) {
      throw Fault.invalid("http.socket", path, "a path in an existing directory");
    }
    switch (SocketFile.occupant(path)) {
      case OTHER_FILE ->
          throw Fault.invalid(
              "http.socket", path, "no file there, or a socket; it is another file");
      case SERVED ->
          throw Fault.CONFLICT.because("http.socket: " + path + " is served by another program");
      case NOTHING, STALE -> {
        // Free; the move replaces a socket left by a process that is gone.
      }
    }
    try {
      return SocketFile.nursery(path, path.getParent());
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because("http.socket: " + e.getMessage(), e);
    }
  }

  private Void moveIntoPlace(Path nursery) throws IOException {
    SocketFile.publish(nursery, path);
    return null;
  }

  private static Void remove(Path nursery) throws IOException {
    SocketFile.discard(nursery);
    return null;
  }
}

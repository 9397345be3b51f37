package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.linux.SocketFile;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** The Unix socket of a server, mode 0600, published as {@link SocketFile} says. */
public final class UnixServerSocket {
  private final Vertx vertx;
  private final String name;
  private final Path path;
  private final Path parent;

  /**
   * @param name of the path in messages
   * @param path of the socket
   * @param parent of a temporary directory that only this user may enter, on the same file system
   */
  public UnixServerSocket(Vertx vertx, String name, Path path, Path parent) {
    this.vertx = vertx;
    this.name = name;
    this.path = path;
    this.parent = parent;
  }

  /** Makes the server listen there; as {@link #listen(Function)}. */
  public Future<Void> listen(HttpServer server) {
    return listen(bound -> server.listen(SocketAddress.domainSocketAddress(bound)));
  }

  /**
   * Makes a server listen there.
   *
   * @param bind makes it listen at a path, from which the socket is moved into place
   * @return CONFLICT if a program answers there; INVALID if another kind of file is there, the path
   *     is too long, or its directory does not exist
   */
  public Future<Void> listen(Function<String, ? extends Future<?>> bind) {
    return vertx
        .executeBlocking(this::nursery)
        .compose(
            nursery ->
                bind.apply(SocketFile.bound(nursery).toString())
                    .compose(s -> vertx.executeBlocking(() -> publish(nursery)))
                    .eventually(() -> vertx.executeBlocking(() -> discard(nursery))));
  }

  /** Removes the socket, after its server was closed. */
  public Future<Void> remove() {
    return vertx.executeBlocking(() -> Files.deleteIfExists(path)).mapEmpty();
  }

  private Path nursery() throws IOException {
    if (!Files.isDirectory(path.getParent())) {
      throw Fault.invalid(name, path, "a path in an existing directory");
    }
    switch (SocketFile.occupant(path)) {
      case OTHER_FILE ->
          throw Fault.invalid(name, path, "no file there, or a socket; it is another file");
      case SERVED ->
          throw Fault.CONFLICT.because(
              "%s: %s is served by another program (%s)"
                  .formatted(name, path, SocketFile.server(path)));
      case NOTHING, STALE -> {
        // Free; publishing replaces a socket left by a process that is gone.
      }
    }
    try {
      return SocketFile.nursery(path, parent);
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because(name + ": " + e.getMessage(), e);
    }
  }

  private Void publish(Path nursery) throws IOException {
    SocketFile.publish(nursery, path);
    return null;
  }

  private static Void discard(Path nursery) throws IOException {
    SocketFile.discard(nursery);
    return null;
  }
}

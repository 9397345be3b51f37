package dev.weft.nsm.client;

import dev.weft.bus.Digest;
import dev.weft.bus.Fault;
import dev.weft.linux.SocketFile;
import dev.weft.pod.PodRef;
import dev.weft.rpc.AcceptLimits;
import dev.weft.rpc.UnixListener;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The room's socket files: one for endpoints, and a directory with one for each pod. */
public final class ClientSockets {
  private static final String ENDPOINT = "nsm.endpoint.io.sock";
  private static final String CLIENT = "nsm.ligato.io.sock";
  private static final String DIRECTORY = "nsm-";

  private final Vertx vertx;
  private final Path root;
  private final BiConsumer<PodRef, UnixListener> serveClient;
  private final Map<PodRef, Open> open = new HashMap<>();
  private final AcceptLimits limits = AcceptLimits.ofProcess();
  private UnixListener endpoints;

  private record Open(Path directory, UnixListener listener) {}

  /**
   * @param serveClient adds the methods that a pod's socket serves
   */
  public ClientSockets(Vertx vertx, Path root, BiConsumer<PodRef, UnixListener> serveClient) {
    this.vertx = vertx;
    this.root = root.toAbsolutePath();
    this.serveClient = serveClient;
  }

  /** Creates the directory and the socket for endpoints; removes what a killed node left. */
  public Future<Void> open(Consumer<UnixListener> serveEndpoint) {
    return vertx
        .executeBlocking(
            () -> {
              makeDirectory(root);
              return null;
            })
        .compose(
            v -> {
              UnixListener listener = new UnixListener(vertx, root.resolve(ENDPOINT), root, limits);
              serveEndpoint.accept(listener);
              return listener.listen().onSuccess(listening -> endpoints = listener);
            })
        .compose(v -> vertx.executeBlocking(this::clearLeftovers));
  }

  /** Creates a pod's directory and socket; an open one is success. */
  public Future<Void> openFor(PodRef pod) {
    if (endpoints == null || open.containsKey(pod)) {
      return Future.succeededFuture();
    }
    Path directory = directoryOf(pod);
    UnixListener listener = new UnixListener(vertx, directory.resolve(CLIENT), root, limits);
    serveClient.accept(pod, listener);
    open.put(pod, new Open(directory, listener));
    return vertx
        .executeBlocking(
            () -> {
              makeDirectory(directory);
              return null;
            })
        .compose(v -> listener.listen())
        .onFailure(e -> open.remove(pod));
  }

  /** Closes and removes a pod's socket; that there is none is success. */
  public Future<Void> closeFor(PodRef pod) {
    Open closing = open.remove(pod);
    return closing == null ? Future.succeededFuture() : close(closing);
  }

  public Future<Void> close() {
    List<Future<Void>> closed = new ArrayList<>();
    open.values().forEach(o -> closed.add(close(o)));
    open.clear();
    if (endpoints != null) {
      closed.add(endpoints.close());
      endpoints = null;
    }
    return Future.join(closed).mapEmpty();
  }

  private Future<Void> close(Open closing) {
    return closing
        .listener()
        .close()
        .compose(v -> vertx.executeBlocking(() -> Files.deleteIfExists(closing.directory())))
        .mapEmpty();
  }

  /** Named by the pod's namespace and name; by their hash if that is too long or taken. */
  private Path directoryOf(PodRef pod) {
    String ns = pod.ns().equals(PodRef.DEFAULT_NAMESPACE) ? "" : pod.ns() + ".";
    Path plain = root.resolve(DIRECTORY + ns + pod.name());
    boolean taken = open.values().stream().anyMatch(o -> o.directory().equals(plain));
    return taken || SocketFile.bytes(plain.resolve(CLIENT)) > SocketFile.MAX_PATH
        ? root.resolve(DIRECTORY + Digest.id(pod.toString()))
        : plain;
  }

  private static void makeDirectory(Path directory) throws IOException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      String why = e.getClass().getSimpleName().replace("Exception", "");
      throw Fault.UNAVAILABLE.because(directory + " cannot be created (" + why + ")", e);
    }
    if (!Files.isWritable(directory)) {
      throw Fault.DENIED.because(directory + " cannot be written");
    }
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
  }

  /** Removes sockets that a killed node left: nobody listens on them. */
  private Void clearLeftovers() throws IOException {
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(root, DIRECTORY + "*")) {
      for (Path directory : directories) {
        Path socket = directory.resolve(CLIENT);
        if (SocketFile.occupant(socket) == SocketFile.Occupant.STALE) {
          Files.delete(socket);
          Files.delete(directory);
        }
      }
    }
    return null;
  }
}

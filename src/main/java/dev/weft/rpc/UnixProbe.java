package dev.weft.rpc;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether a program that listens on a Unix socket runs: one that is stopped still has its
 * connections accepted by the kernel, but an HTTP/2 server that runs sends its settings at once
 * (RFC 9113 section 3.4).
 */
public final class UnixProbe {
  private final Duration deadline;
  private final NetClient client;

  /**
   * @param deadline for the first bytes
   */
  public UnixProbe(Vertx vertx, Duration deadline) {
    this.deadline = deadline;
    this.client = vertx.createNetClient();
  }

  /** Whether the program speaks; empty if it cannot be connected to, which says nothing. */
  public Future<Optional<Boolean>> speaks(Path socket) {
    return client
        .connect(SocketAddress.domainSocketAddress(socket.toString()))
        .compose(this::listen)
        .map(Optional::of)
        .otherwise(Optional.empty());
  }

  private Future<Boolean> listen(NetSocket socket) {
    Promise<Boolean> heard = Promise.promise();
    socket.handler(bytes -> heard.tryComplete(true));
    socket.closeHandler(v -> heard.tryComplete(true));
    return socket
        .write(Grpc.PREFACE)
        .compose(v -> heard.future())
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .otherwise(false)
        .eventually(socket::close);
  }

  public Future<Void> close() {
    return client.close();
  }
}

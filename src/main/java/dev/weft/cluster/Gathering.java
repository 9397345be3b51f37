package dev.weft.cluster;

import dev.weft.address.HostPort;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Nodes that start in the same moment may form a cluster each, which become one some seconds later:
 * a node that is alone is not ready while somebody listens at an address of its join list.
 */
final class Gathering {
  private static final Logger log = LoggerFactory.getLogger(Gathering.class);

  /** Clusters that can become one have done so by then. */
  static final Duration LIMIT = Duration.ofSeconds(20);

  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Duration CONNECTED_WITHIN = Duration.ofSeconds(1);

  private final Vertx vertx;
  private final NetClient client;
  private final HostPort self;
  private final List<HostPort> join;
  private final BooleanSupplier alone;
  private final Promise<Void> done = Promise.promise();
  private final long limitNanos;

  private Gathering(
      Vertx vertx, HostPort self, List<HostPort> join, Duration limit, BooleanSupplier alone) {
    this.vertx = vertx;
    this.client =
        vertx.createNetClient(
            new NetClientOptions().setConnectTimeout((int) CONNECTED_WITHIN.toMillis()));
    this.self = self;
    this.join = join;
    this.alone = alone;
    this.limitNanos = System.nanoTime() + limit.toNanos();
  }

  /**
   * Done once this node is not alone, nobody listens where others could be, or the time is over.
   *
   * @param self this node's own listener, which may be in the list
   * @param join where other nodes' listeners may be
   * @param alone whether this node has a cluster of its own
   */
  static Future<Void> wait(
      Vertx vertx, HostPort self, List<HostPort> join, Duration limit, BooleanSupplier alone) {
    Gathering gathering = new Gathering(vertx, self, join, limit, alone);
    gathering.look();
    return gathering.done.future().onComplete(v -> gathering.client.close());
  }

  private void look() {
    if (!alone.getAsBoolean()) {
      done.tryComplete();
      return;
    }
    List<Future<Boolean>> heard = join.stream().map(this::isThere).toList();
    Future.join(heard)
        .onComplete(
            all -> {
              List<HostPort> there =
                  IntStream.range(0, join.size())
                      .filter(i -> heard.get(i).result())
                      .mapToObj(join::get)
                      .toList();
              if (there.isEmpty()) {
                done.tryComplete();
              } else if (System.nanoTime() - limitNanos >= 0) {
                log.warn(
                    "cluster.join: somebody listens at {} and forms no cluster with this node"
                        + " (expected: a node of the same cluster.name)",
                    there);
                done.tryComplete();
              } else {
                vertx.setTimer(PAUSE.toMillis(), again -> look());
              }
            });
  }

  /** Whether somebody other than this node listens there. */
  private Future<Boolean> isThere(HostPort at) {
    return client.connect(at.port(), at.host()).map(this::isAnother).otherwise(false);
  }

  private boolean isAnother(NetSocket socket) {
    String host = socket.remoteAddress().hostAddress();
    int port = socket.remoteAddress().port();
    socket.close().onFailure(e -> log.debug("a probe was not closed: {}", e.getMessage()));
    return !self.equals(new HostPort(host, port));
  }
}

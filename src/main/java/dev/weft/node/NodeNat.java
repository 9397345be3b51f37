package dev.weft.node;

import dev.weft.cluster.Cluster;
import dev.weft.config.NatConfig;
import dev.weft.mesh.Mesh;
import dev.weft.reach.UdpPort;
import dev.weft.reach.portmap.RouterPort;
import dev.weft.reach.stun.NatWatch;
import dev.weft.rpc.Loop;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;

/**
 * The NAT before this node's UDP port: who is asked about it, and the router that maps the port.
 */
final class NodeNat {
  private final Vertx vertx;
  private final Loop loop;
  private final NatConfig config;
  private final NatWatch watch;
  private volatile Optional<RouterPort> router = Optional.empty();
  private volatile boolean closed;

  NodeNat(Vertx vertx, Cluster cluster, Mesh mesh, NatConfig config) {
    this.vertx = vertx;
    this.loop = Loop.of(vertx);
    this.config = config;
    NatNeighbours neighbours = new NatNeighbours(vertx, cluster, mesh, config.stun());
    this.watch =
        new NatWatch(
            vertx,
            loop,
            new NatWatch.Surroundings(
                neighbours::members,
                neighbours::servers,
                neighbours::own,
                () -> router.map(RouterPort::mappings).orElse(List.of()),
                () -> router.map(RouterPort::reason).orElse("the router is not asked")));
  }

  /** Counts the questions that others ask of this node. */
  void measure(MeterRegistry registry) {
    watch
        .answers()
        .forEach(
            (result, count) ->
                // The registry keeps the object weakly, the function for good.
                FunctionCounter.builder("weft_stun_requests", registry, always -> count.getAsLong())
                    .description("Questions of others how this node sees them")
                    .tag("result", result)
                    .register(registry));
  }

  /** What is known; from the beginning, though nothing is known then. */
  NatWatch watch() {
    return watch;
  }

  /** Once the node's own port is open. */
  void open(UdpPort port) {
    if (closed) {
      return;
    }
    if (config.mapPort() && !port.address().getAddress().isLoopbackAddress()) {
      RouterPort asked = new RouterPort(vertx, loop, port, watch::routerChanged);
      router = Optional.of(asked);
      asked.start();
    }
    watch.watch(port);
  }

  /** Releases the router's mapping. */
  Future<Void> close() {
    closed = true;
    return router
        .map(RouterPort::close)
        .orElse(Future.succeededFuture())
        .transform(done -> watch.close());
  }
}

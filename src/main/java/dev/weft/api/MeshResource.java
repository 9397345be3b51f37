package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.MeshHop;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code /mesh/ping}. */
final class MeshResource {
  /**
   * The way to a node.
   *
   * @param hops the nodes on it, {@code node} last
   */
  private record Way(String node, List<MeshHop> hops) {}

  private final Mesh mesh;

  MeshResource(Bus bus) {
    this.mesh = bus.proxy(Mesh.class);
  }

  void bind(Operations operations) {
    operations.answer("pingNode", this::onPing);
  }

  private Future<Way> onPing(RoutingContext ctx) {
    String node = ctx.pathParam("node");
    return mesh.ping(node).map(hops -> new Way(node, hops));
  }
}

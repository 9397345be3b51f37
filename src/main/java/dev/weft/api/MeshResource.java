package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.MeshHop;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code /mesh/ping}, and what changes {@code /mesh/exports} and {@code /mesh/forwards}. */
final class MeshResource {
  private static final String PATH = "/api/v1/mesh/";

  /**
   * The way to a node.
   *
   * @param hops the nodes on it, {@code node} last
   */
  private record Way(String node, List<MeshHop> hops) {}

  /**
   * A server to export.
   *
   * @param allow null for all nodes
   */
  private record WantedExport(String name, String target, List<String> allow) {}

  /**
   * A service to open.
   *
   * @param node null for any
   */
  private record WantedForward(String listen, String node, String service) {}

  private final Mesh mesh;
  private final String self;

  MeshResource(Bus bus, String self) {
    this.mesh = bus.proxy(Mesh.class);
    this.self = self;
  }

  void bind(Operations operations) {
    operations.answer("pingNode", this::onPing);
    operations.answer("addMeshExport", this::onExport);
    operations.answer("removeMeshExport", ctx -> mesh.withdraw(ctx.pathParam("name")));
    operations.answer("addMeshForward", this::onForward);
    operations.answer("removeMeshForward", ctx -> mesh.unforward(ctx.queryParams().get("listen")));
  }

  private Future<Way> onPing(RoutingContext ctx) {
    String node = ctx.pathParam("node");
    return mesh.ping(node).map(hops -> new Way(node, hops));
  }

  private Future<Operations.Created> onExport(RoutingContext ctx) {
    WantedExport wanted = Json.read(ctx.body().asString(), WantedExport.class);
    return mesh.export(
            wanted.name(), wanted.target(), wanted.allow() == null ? List.of() : wanted.allow())
        .map(made -> created("exports", MeshExportView.of(self, made)));
  }

  private Future<Operations.Created> onForward(RoutingContext ctx) {
    WantedForward wanted = Json.read(ctx.body().asString(), WantedForward.class);
    return mesh.forward(
            wanted.listen(), wanted.node() == null ? "any" : wanted.node(), wanted.service())
        .map(made -> created("forwards", MeshForwardView.of(self, made)));
  }

  /** The list is where it can be seen; it has no page of its own. */
  private static Operations.Created created(String list, Object view) {
    return new Operations.Created(PATH + list, view);
  }
}

package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.topology.SingleLink;
import dev.weft.topology.Topologies;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;

/** {@code /wires}. */
final class WireResource {
  private final Wires wires;
  private final Topologies topologies;

  WireResource(Bus bus) {
    this.wires = bus.proxy(Wires.class);
    this.topologies = bus.proxy(Topologies.class);
  }

  void bind(Operations operations) {
    operations.answer("addWire", this::onAdd);
    operations.answer("getWire", ctx -> wires.get(ctx.pathParam("id")).map(WireView::of));
    operations.answer("cutWire", ctx -> topologies.cut(ctx.pathParam("id")));
    operations.answer("mendWire", ctx -> topologies.mend(ctx.pathParam("id")));
    operations.answer("removeWire", ctx -> topologies.removeLink(ctx.pathParam("id")));
  }

  private Future<Operations.Created> onAdd(RoutingContext ctx) {
    return topologies
        .addLink(Json.read(ctx.body().asString(), SingleLink.class))
        .map(link -> new Operations.Created("/api/v1/wires/" + link.wire(), link));
  }
}

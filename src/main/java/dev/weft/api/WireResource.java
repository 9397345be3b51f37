package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.topology.LinkStatus;
import dev.weft.topology.SingleLink;
import dev.weft.topology.Topologies;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;

/** {@code /wires}. */
final class WireResource {
  /** A wire as the API shows it: {@link WireStatus} without the nesting. */
  record Wire(
      String id,
      String ns,
      long uid,
      WireKind kind,
      int mtu,
      WireSpec.End local,
      WireSpec.End peer,
      WireState state,
      String reason,
      Instant since,
      WireStatus.Traffic sent,
      WireStatus.Traffic received) {

    static Wire of(WireStatus status) {
      WireSpec spec = status.spec();
      return new Wire(
          spec.id(),
          spec.ns(),
          spec.uid(),
          spec.kind(),
          spec.mtu(),
          spec.local(),
          spec.peer(),
          status.state(),
          status.reason(),
          status.since(),
          status.sent(),
          status.received());
    }
  }

  private final Wires wires;
  private final Topologies topologies;
  private final Members members;

  WireResource(Bus bus, Members members) {
    this.wires = bus.proxy(Wires.class);
    this.topologies = bus.proxy(Topologies.class);
    this.members = members;
  }

  void bind(Operations operations) {
    operations.answer("listWires", this::onList);
    operations.answer("addWire", this::onAdd);
    operations.answer("getWire", ctx -> wires.get(ctx.pathParam("id")).map(Wire::of));
    operations.answer("removeWire", ctx -> topologies.removeLink(ctx.pathParam("id")));
  }

  private Future<Page<Wire>> onList(RoutingContext ctx) {
    return members
        .list(ctx.queryParams().get("scope"), Wires.class, Wires::list)
        .map(page -> new Page<>(page.items().stream().map(Wire::of).toList(), page.unanswered()));
  }

  private Future<Operations.Created> onAdd(RoutingContext ctx) {
    return topologies
        .addLink(Json.read(ctx.body().asString(), SingleLink.class))
        .map(link -> new Operations.Created(location(link), link));
  }

  private static String location(LinkStatus link) {
    return "/api/v1/wires/" + link.wire();
  }
}

package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.pod.PodRef;
import dev.weft.topology.Topologies;
import dev.weft.topology.Topology;
import dev.weft.topology.TopologyStatus;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code /topologies}: every member keeps all of them, so this node's answer is the cluster's. */
final class TopologyResource {
  private final Topologies topologies;
  private final TopologyReader reader;

  TopologyResource(Bus bus, TopologyReader reader) {
    this.topologies = bus.proxy(Topologies.class);
    this.reader = reader;
  }

  void bind(Operations operations) {
    operations.answer("applyTopologies", ctx -> topologies.apply(read(ctx)).map(Page::of));
    operations.answer("getTopology", ctx -> topologies.get(ref(ctx)));
    operations.answer("putTopology", this::onPut);
    operations.answer("deleteTopology", ctx -> topologies.delete(ref(ctx)));
  }

  private Future<TopologyStatus> onPut(RoutingContext ctx) {
    PodRef ref = ref(ctx);
    List<Topology> read = read(ctx);
    if (read.size() != 1 || !read.get(0).pod().equals(ref)) {
      throw Fault.invalid("body", names(read), "one Topology, of " + ref);
    }
    return topologies.apply(read).map(applied -> applied.get(0));
  }

  private List<Topology> read(RoutingContext ctx) {
    return reader.read(ctx.body().asString(), "body");
  }

  private static String names(List<Topology> topologies) {
    return String.join(", ", topologies.stream().map(t -> t.pod().toString()).toList());
  }

  private static PodRef ref(RoutingContext ctx) {
    return new PodRef(ctx.pathParam("ns"), ctx.pathParam("pod"));
  }
}

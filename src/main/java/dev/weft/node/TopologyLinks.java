package dev.weft.node;

import dev.weft.bus.Bus;
import dev.weft.pod.PodRef;
import dev.weft.topology.Topologies;
import dev.weft.wire.meshnet.PodTopology;
import dev.weft.wire.proto.Link;
import io.vertx.core.Future;
import java.util.List;

/** The topology room's links in meshnet's terms; the wire room, below it, does not know it. */
final class TopologyLinks implements PodTopology {
  private final Topologies topologies;

  TopologyLinks(Bus bus) {
    this.topologies = bus.proxy(Topologies.class);
  }

  @Override
  public Future<List<Link>> of(PodRef pod) {
    return topologies
        .describe(pod)
        .map(topology -> topology.links().stream().map(TopologyLinks::encode).toList());
  }

  private static Link encode(dev.weft.topology.TopologyLink link) {
    Link.Builder encoded =
        Link.newBuilder()
            .setUid(link.uid())
            .setPeerPod(link.peerPod())
            .setLocalIntf(link.localIntf())
            .setPeerIntf(link.peerIntf());
    if (link.localIp() != null) {
      encoded.setLocalIp(link.localIp());
    }
    if (link.peerIp() != null) {
      encoded.setPeerIp(link.peerIp());
    }
    return encoded.build();
  }
}

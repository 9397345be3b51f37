package dev.weft.api;

import dev.weft.mesh.MeshRoute;
import java.util.List;

/**
 * A route as the API shows it: {@link MeshRoute} with the node that has it.
 *
 * @param node from which the destination is reached
 * @param rttMicros null if a part of the way has not been measured
 */
record MeshRouteView(
    String node, String destination, String via, String link, List<String> hops, Long rttMicros) {

  static MeshRouteView of(String node, MeshRoute route) {
    return new MeshRouteView(
        node, route.destination(), route.via(), route.link(), route.hops(), route.rttMicros());
  }
}

package dev.weft.mesh;

import dev.weft.bus.Fact;

/**
 * A node became reachable through the mesh, got another next hop, or cannot be reached any more.
 *
 * @param via the next node on the way; empty if there is no way
 */
public record MeshRouteChanged(String destination, String via) implements Fact {
  @Override
  public String subject() {
    return destination;
  }

  @Override
  public String text() {
    return via.isEmpty()
        ? "No route to node " + destination
        : "Route to node " + destination + " via " + via;
  }
}

package dev.weft.mesh.gate;

import dev.weft.bus.Fact;

/**
 * This node listens for clients of a service of the mesh.
 *
 * @param to id or name of the node that exports it, or {@code any}
 */
public record ForwardOpened(String listen, String to, String service) implements Fact {
  @Override
  public String subject() {
    return service;
  }

  @Override
  public String text() {
    return "Forward opened: " + listen + " to service " + service + " of " + node();
  }

  private String node() {
    return to.equals("any") ? "any node" : "node " + to;
  }
}

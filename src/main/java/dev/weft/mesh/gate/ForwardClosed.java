package dev.weft.mesh.gate;

import dev.weft.bus.Fact;

/** This node listens no more for clients of a service of the mesh. */
public record ForwardClosed(String listen, String service) implements Fact {
  @Override
  public String subject() {
    return service;
  }

  @Override
  public String text() {
    return "Forward closed: " + listen + " to service " + service;
  }
}

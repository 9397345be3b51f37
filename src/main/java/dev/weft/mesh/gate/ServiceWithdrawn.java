package dev.weft.mesh.gate;

import dev.weft.bus.Fact;

/** This node offers a service to the mesh no more. */
public record ServiceWithdrawn(String name) implements Fact {
  @Override
  public String subject() {
    return name;
  }

  @Override
  public String text() {
    return "Service withdrawn from the mesh: " + name;
  }
}

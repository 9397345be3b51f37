package dev.weft.mesh.gate;

import dev.weft.bus.Fact;

/**
 * This node offers a service to the mesh.
 *
 * @param target where its server listens
 */
public record ServiceExported(String name, String target) implements Fact {
  @Override
  public String subject() {
    return name;
  }

  @Override
  public String text() {
    return "Service exported to the mesh: " + name + " at " + target;
  }
}

package dev.weft.mesh.gate;

import dev.weft.bus.Fact;

/**
 * What the nodes of the mesh export, as this node knows it, has changed.
 *
 * @param services names that can be connected to now
 * @param changes the first of them, each as {@code web at 2 nodes} or {@code db gone}
 */
public record MeshServicesChanged(int services, String changes) implements Fact {
  @Override
  public String subject() {
    return "mesh";
  }

  @Override
  public String text() {
    return "Services of the mesh: " + changes;
  }
}

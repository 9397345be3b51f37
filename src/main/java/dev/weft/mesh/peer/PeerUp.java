package dev.weft.mesh.peer;

import dev.weft.bus.Fact;

/**
 * A node of the mesh can be connected to.
 *
 * @param node its id
 */
public record PeerUp(String node) implements Fact {
  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    return "Peer up: node " + node;
  }
}

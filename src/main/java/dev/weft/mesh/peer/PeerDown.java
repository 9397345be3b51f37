package dev.weft.mesh.peer;

import dev.weft.bus.Fact;

/**
 * The connection to a node of the mesh is over, and with it all that was proxied over it.
 *
 * @param node its id
 */
public record PeerDown(String node, String reason) implements Fact {
  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    return "Peer down: node " + node + ": " + reason;
  }

  @Override
  public Severity severity() {
    return Severity.WARNING;
  }
}

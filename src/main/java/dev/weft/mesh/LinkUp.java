package dev.weft.mesh;

import dev.weft.bus.Fact;

/**
 * A link carries frames.
 *
 * @param node the other node's id
 */
public record LinkUp(String link, String kind, String node, String remote) implements Fact {
  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    return "Link up: " + link + " to node " + node + " at " + remote;
  }
}

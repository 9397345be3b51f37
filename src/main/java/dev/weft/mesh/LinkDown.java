package dev.weft.mesh;

import dev.weft.bus.Fact;

/**
 * A link that was up carries no frames any more.
 *
 * @param node the other node's id
 */
public record LinkDown(String link, String kind, String node, String remote, String reason)
    implements Fact {
  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    return "Link down: " + link + " to node " + node + " at " + remote + ": " + reason;
  }

  @Override
  public Severity severity() {
    return Severity.WARNING;
  }
}

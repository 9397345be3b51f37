package dev.weft.subnet;

import dev.weft.bus.Fact;

/**
 * An agent's node was registered, went down or up, or was deregistered.
 *
 * @param status {@code up}, {@code down} or {@code gone}
 */
public record AgentChanged(String nodeId, String hostname, String status) implements Fact {
  @Override
  public String subject() {
    return nodeId;
  }

  @Override
  public String text() {
    return "agent node " + hostname + " (" + nodeId + ") is " + status;
  }

  @Override
  public Severity severity() {
    return status.equals("down") ? Severity.WARNING : Severity.INFO;
  }
}

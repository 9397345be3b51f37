package dev.weft.reach.path;

import dev.weft.bus.Fact;

/**
 * Connections to a node take another path.
 *
 * @param node its id
 * @param from {@code udp host:port}, or {@code mesh} through other nodes' links
 * @param to as {@code from}
 */
public record PathChanged(String node, String from, String to, String why) implements Fact {
  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    return "Path to node " + node + ": " + to + " instead of " + from + ": " + why;
  }

  @Override
  public Severity severity() {
    return to.equals(MESH) ? Severity.WARNING : Severity.INFO;
  }

  static final String MESH = "mesh";
}

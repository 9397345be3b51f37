package dev.weft.cluster;

import dev.weft.bus.Fact;

/**
 * This outpost has another home, or none.
 *
 * @param home node id, null for none
 * @param name the home's name, null for none
 * @param reason why it has none, null if it has one
 */
public record HomeChanged(String home, String name, String reason) implements Fact {
  @Override
  public String subject() {
    return home == null ? "none" : home;
  }

  @Override
  public String text() {
    return home == null ? "no home: " + reason : "home is node " + name + " (" + home + ")";
  }

  @Override
  public Severity severity() {
    return home == null ? Severity.WARNING : Severity.INFO;
  }
}

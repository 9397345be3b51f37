package dev.weft.subnet;

import dev.weft.bus.Fact;

/**
 * A kernel route of this node was added or removed.
 *
 * @param via the device
 * @param added false if the route was removed
 */
public record RouteChanged(String destination, String via, boolean added) implements Fact {
  @Override
  public String subject() {
    return destination;
  }

  @Override
  public String text() {
    return (added ? "Added route: " : "Removed route: ") + destination + " dev " + via;
  }
}

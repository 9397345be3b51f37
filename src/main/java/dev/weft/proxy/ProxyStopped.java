package dev.weft.proxy;

import dev.weft.bus.Fact;

/**
 * A proxy runs no more.
 *
 * @param side {@code forward} or {@code reverse}
 */
public record ProxyStopped(String side) implements Fact {
  @Override
  public String subject() {
    return side;
  }

  @Override
  public String text() {
    return (side.equals("forward") ? "Forward" : "Reverse") + " proxy stopped";
  }
}

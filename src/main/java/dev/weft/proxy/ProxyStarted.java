package dev.weft.proxy;

import dev.weft.bus.Fact;

/**
 * A proxy runs.
 *
 * @param side {@code forward} or {@code reverse}
 * @param at where clients connect, or the server
 */
public record ProxyStarted(String side, String at) implements Fact {
  @Override
  public String subject() {
    return side;
  }

  @Override
  public String text() {
    return side.equals("forward")
        ? "Forward proxy started: clients connect to " + at
        : "Reverse proxy started: the server is " + at;
  }
}

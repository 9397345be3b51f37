package dev.weft.proxy.track;

import dev.weft.bus.Fact;

/**
 * A node was added to a proxy.
 *
 * @param side {@code forward} or {@code reverse}
 * @param kind {@code direct} or {@code nat}
 */
public record ProxyConnectionAdded(String side, String at, String kind, String transport)
    implements Fact {
  @Override
  public String subject() {
    return at;
  }

  @Override
  public String text() {
    return "Connection of the %s proxy to %s added: %s, %s".formatted(side, at, kind, transport);
  }
}

package dev.weft.proxy.track;

import dev.weft.bus.Fact;

/**
 * A node was removed from a proxy.
 *
 * @param side {@code forward} or {@code reverse}
 * @param streams that were reset
 */
public record ProxyConnectionRemoved(String side, String at, int streams) implements Fact {
  @Override
  public String subject() {
    return at;
  }

  @Override
  public String text() {
    return "Connection of the %s proxy to %s removed%s"
        .formatted(side, at, streams == 0 ? "" : "; " + streams + " streams were reset");
  }
}

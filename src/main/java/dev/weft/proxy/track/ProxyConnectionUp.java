package dev.weft.proxy.track;

import dev.weft.bus.Fact;

/**
 * A node that was added to a proxy is reached, or by another path than before.
 *
 * @param side {@code forward} or {@code reverse}
 * @param peer its id; null as long as nothing has proved it
 * @param before the path until now; null if it was not reached
 */
public record ProxyConnectionUp(String side, String at, String peer, String path, String before)
    implements Fact {
  @Override
  public String subject() {
    return at;
  }

  @Override
  public String text() {
    return "Connection of the %s proxy to %s: %s%s"
        .formatted(side, at, path, before == null ? "" : " (before: " + before + ")");
  }
}

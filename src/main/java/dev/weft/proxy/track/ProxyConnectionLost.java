package dev.weft.proxy.track;

import dev.weft.bus.Fact;

/**
 * A node that was added to a proxy is not reached.
 *
 * @param side {@code forward} or {@code reverse}
 * @param streams that were reset
 */
public record ProxyConnectionLost(String side, String at, String reason, int streams)
    implements Fact {
  @Override
  public String subject() {
    return at;
  }

  @Override
  public String text() {
    return "Connection of the %s proxy to %s lost: %s%s"
        .formatted(side, at, reason, streams == 0 ? "" : "; " + streams + " streams were reset");
  }

  @Override
  public Severity severity() {
    return Severity.WARNING;
  }
}

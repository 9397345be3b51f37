package dev.weft.proxy.track;

import dev.weft.bus.Fact;

/**
 * A stream through a proxy was broken off: both its sides are.
 *
 * @param side {@code forward} or {@code reverse}
 * @param before how many more were broken off since the last time that this was told
 */
public record ProxyStreamBroken(String side, String reason, int before) implements Fact {
  @Override
  public String subject() {
    return side;
  }

  @Override
  public String text() {
    return "Stream of the %s proxy broken off: %s%s"
        .formatted(side, reason, before == 0 ? "" : " (and " + before + " before)");
  }

  @Override
  public Severity severity() {
    return Severity.WARNING;
  }
}

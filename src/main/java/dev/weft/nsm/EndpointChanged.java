package dev.weft.nsm;

import dev.weft.bus.Fact;

/**
 * An endpoint was advertised on this node, or is gone.
 *
 * @param reason why it is gone; null if it was advertised
 */
public record EndpointChanged(String service, String provider, String reason) implements Fact {
  @Override
  public String subject() {
    return service;
  }

  @Override
  public String text() {
    String what = "endpoint " + provider + " of service " + service;
    return reason == null ? what + " is advertised" : what + " is gone: " + reason;
  }

  @Override
  public Severity severity() {
    return reason == null || reason.equals("removed") ? Severity.INFO : Severity.WARNING;
  }
}

package dev.weft.wire;

import dev.weft.bus.Fact;

/** A wire is in another state, or was removed: then {@code state} is null. */
public record WireChanged(String id, String link, WireState state, String reason) implements Fact {
  @Override
  public String subject() {
    return id;
  }

  @Override
  public String text() {
    String what = "wire " + id + " (" + link + ")";
    if (state == null) {
      return what + " removed";
    }
    return reason == null ? what + " " + state : what + " " + state + ": " + reason;
  }

  @Override
  public Severity severity() {
    return state == WireState.FAILED ? Severity.WARNING : Severity.INFO;
  }
}

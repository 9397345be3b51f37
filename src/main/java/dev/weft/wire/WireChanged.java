package dev.weft.wire;

import dev.weft.bus.Fact;

/**
 * A wire is in another state.
 *
 * @param state null if the wire was removed
 * @param before its state until now; null if that is not known
 */
public record WireChanged(String id, String link, WireState state, String reason, WireState before)
    implements Fact {
  public WireChanged(String id, String link, WireState state, String reason) {
    this(id, link, state, reason, null);
  }

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
    boolean lost = before == WireState.UP && state != null && state != WireState.UP;
    boolean odd = state == WireState.UP && reason != null;
    return lost || odd || state == WireState.FAILED ? Severity.WARNING : Severity.INFO;
  }
}

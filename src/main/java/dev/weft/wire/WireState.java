package dev.weft.wire;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The state of a wire, as users see it. */
public enum WireState {
  /** Something that the wire needs is missing; the reason names it. The node keeps trying. */
  WAITING,
  /** The interface exists on this node; the other node has not joined yet. */
  JOINING,
  /** Frames cross. */
  UP,
  /** The last attempt failed for that reason. The node tries again with back-off. */
  FAILED,
  /** Both nodes have joined, and an end is down; or the wire is cut by command. */
  DOWN;

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package dev.weft.wire;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where a wire's life stands. */
public enum WireState {
  /** Something outside it is missing: the reason says what. It is tried again by itself. */
  WAITING,
  /** Its interfaces stand here; the other node has not joined yet. */
  JOINING,
  /** Frames cross. */
  UP,
  /** The last attempt failed; the reason says why. It is tried again with back-off. */
  FAILED;

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

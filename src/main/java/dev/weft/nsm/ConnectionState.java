package dev.weft.nsm;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where a connection's life stands. */
public enum ConnectionState {
  /** Being made. */
  JOINING,
  /** Frames cross. */
  UP,
  /** It lost its endpoint or an interface; the reason says how. Another endpoint is sought. */
  HEALING;

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package dev.weft.nsm;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where a connection's life stands. */
public enum ConnectionState {
  /** Its interfaces are made, or frames do not cross yet. */
  JOINING,
  /** Frames cross. */
  UP,
  /** It lost its endpoint or an interface and gets another one; the reason says what it lost. */
  HEALING;

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

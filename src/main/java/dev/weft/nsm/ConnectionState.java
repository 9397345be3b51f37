package dev.weft.nsm;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The published state of a connection. */
public enum ConnectionState {
  /** Its interfaces are being created, or frames do not cross yet. */
  JOINING,
  /** Frames cross. */
  UP,
  /** Its endpoint or an interface is lost and is being replaced; the reason says which. */
  HEALING;

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

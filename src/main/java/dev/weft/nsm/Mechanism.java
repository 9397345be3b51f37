package dev.weft.nsm;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What joins the two interfaces of a connection. */
public enum Mechanism {
  /** Both on this node: one veth pair. */
  VETH,
  /** A wire over gRPC. */
  WIRE,
  /** A kernel VXLAN on UDP 4789. */
  VXLAN;

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package dev.weft.testkit;

/** What a {@link NatRouter} does to UDP, by the names of RFC 3489, section 5. */
public enum NatKind {
  /** One outside port for all destinations, and whoever sends there is let in (RFC 4787: EIF). */
  FULL_CONE("full cone"),
  /** As full cone, and let in are addresses that something was sent to. */
  ADDRESS_RESTRICTED("address-restricted"),
  /** As full cone, and let in are addresses with the ports that something was sent to. */
  PORT_RESTRICTED("port-restricted"),
  /** A random outside port for each destination. */
  SYMMETRIC("symmetric"),
  /** No UDP at all. */
  BLOCKED("UDP blocked");

  private final String title;

  NatKind(String title) {
    this.title = title;
  }

  /** As in tables for people. */
  @Override
  public String toString() {
    return title;
  }

  /**
   * Whether datagrams of both sides, sent at the same time, make a way between two nodes whose
   * routers are of these kinds. What decides is whether one side's first datagram reaches the other
   * through the port that the other opened for the port that was known beforehand.
   */
  public static boolean canBePunched(NatKind one, NatKind other) {
    if (one == BLOCKED || other == BLOCKED) {
      return false;
    }
    return !tooNarrow(one, other) && !tooNarrow(other, one);
  }

  /** Whether the other lets nothing in from ports that it does not know, as all of this one are. */
  private static boolean tooNarrow(NatKind one, NatKind other) {
    return one == SYMMETRIC && (other == SYMMETRIC || other == PORT_RESTRICTED);
  }
}

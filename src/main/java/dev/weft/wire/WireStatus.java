package dev.weft.wire;

import java.time.Instant;

/**
 * A wire's present state and counters.
 *
 * @param reason why the wire is not up, or what is unusual about one that is; else null
 * @param since when the wire entered this state
 * @param sent from the pod on this node towards the peer
 * @param received from the peer towards the pod on this node
 * @param mtu of the pod's interface, bytes: a vxlan or macvlan may have a smaller one than was
 *     asked for, and the pod can change it; as asked for until there is one
 */
public record WireStatus(
    WireSpec spec,
    WireState state,
    String reason,
    Instant since,
    Traffic sent,
    Traffic received,
    int mtu) {
  public WireStatus {
    // A member of an older version tells none.
    mtu = mtu == 0 ? spec.mtu() : mtu;
  }

  /** A wire whose interface has the MTU that was asked for. */
  public WireStatus(
      WireSpec spec,
      WireState state,
      String reason,
      Instant since,
      Traffic sent,
      Traffic received) {
    this(spec, state, reason, since, sent, received, spec.mtu());
  }

  /**
   * Counters of one direction: of a grpc wire since the node started, where a super-frame counts
   * its segments; of the other kinds the kernel's since the pod's interface was made, where it
   * counts once, a few seconds old where there are many wires.
   *
   * @param drops frames lost here, by any cause
   */
  public record Traffic(long frames, long bytes, long drops) {
    public static final Traffic NONE = new Traffic(0, 0, 0);
  }
}

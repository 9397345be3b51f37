package dev.weft.config;

/**
 * Point-to-point Ethernet wires.
 *
 * @param mtu of a wire that asks for none, bytes, 68 (RFC 791) to 65535
 * @param bigTcp whether pods' TCP may use IPv4 packets over 64 KiB on their way through wires
 */
public record WiresConfig(
    int mtu, Driver driver, OnStop onStop, Carrier carrier, Repoint repoint, boolean bigTcp) {

  /** How frames get from a wire's packet socket into the node and back. */
  public enum Driver {
    /** EPOLL where it is available, else WORKER. */
    AUTO,
    /** The socket is a handle of the wire's event loop. */
    EPOLL,
    /** A thread of its own waits in poll(2) and reads with recvmmsg(2). */
    WORKER
  }

  /** What becomes of interfaces and tunnels when the node stops. */
  public enum OnStop {
    KEEP,
    REMOVE
  }

  /** When a pod's interface has no carrier. */
  public enum Carrier {
    /** Never. */
    KEEP,
    /** While the other pod's interface is down. */
    ENDS,
    /** Also while the other end is away. */
    FOLLOW
  }

  /** Whether another host may take over the other end of a meshnet wire. */
  public enum Repoint {
    ALLOW,
    /** Not before the host that has it gives it up. */
    DENY
  }

  static WiresConfig read(Section s) {
    WiresConfig wires =
        new WiresConfig(
            s.read("mtu", "1500", Kind.integer(68, 65535)),
            s.read("driver", "auto", Kind.choice(Driver.class)),
            s.read("on-stop", "keep", Kind.choice(OnStop.class)),
            s.read("carrier", "ends", Kind.choice(Carrier.class)),
            s.read("repoint", "allow", Kind.choice(Repoint.class)),
            s.read("big-tcp", "true", Kind.BOOLEAN));
    s.end();
    return wires;
  }
}

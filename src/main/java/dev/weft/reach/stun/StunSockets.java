package dev.weft.reach.stun;

import dev.weft.reach.ProbeSocket;
import io.vertx.core.Future;

/** The sockets by which a NAT is probed. What arrives at them goes to the {@link StunClient}. */
interface StunSockets {
  /** The node's own port. */
  ProbeSocket first();

  /** A new one on any free port, of the same IPv4 address as the first. */
  Future<ProbeSocket> open();
}

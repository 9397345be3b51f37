package dev.weft.reach;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;

/** What else is spoken on a UDP port, besides the QUIC connections of the port. */
public interface SideProtocol {
  /**
   * A datagram has arrived that is none of the port's own connections: it may open one, or belong
   * to nobody. On any of the port's loops.
   *
   * @param datagram borrowed; its indexes must stay as they are
   * @return whether it is this protocol's, and has been dealt with
   */
  boolean arrived(InetSocketAddress from, ByteBuf datagram);
}

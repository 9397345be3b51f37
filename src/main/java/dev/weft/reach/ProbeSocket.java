package dev.weft.reach;

import java.net.InetSocketAddress;

/** A UDP socket, or the node's port, for a few small datagrams. */
public interface ProbeSocket {
  /** Sends a datagram, which may be lost. */
  void send(InetSocketAddress to, byte[] datagram);

  void close();
}

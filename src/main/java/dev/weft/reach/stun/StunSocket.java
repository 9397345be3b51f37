package dev.weft.reach.stun;

import java.net.InetSocketAddress;

/** A UDP socket, or the node's port, as STUN uses it. */
interface StunSocket {
  /** Best effort. */
  void send(InetSocketAddress to, byte[] datagram);

  void close();
}

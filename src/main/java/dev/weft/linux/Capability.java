package dev.weft.linux;

/** The capabilities(7) that Weft asks for, with the bit that stands for each. */
public enum Capability {
  /** Listeners below port 1024. */
  CAP_NET_BIND_SERVICE(10),
  /** Hearing of links in other namespaces. */
  CAP_NET_BROADCAST(11),
  /** Links, routes, addresses. */
  CAP_NET_ADMIN(12),
  /** Packet sockets, ICMP. */
  CAP_NET_RAW(13),
  /** Namespaces of processes of other users. */
  CAP_SYS_PTRACE(19),
  /** Entering and making network namespaces. */
  CAP_SYS_ADMIN(21);

  private final int bit;

  Capability(int bit) {
    this.bit = bit;
  }

  boolean isIn(long mask) {
    return (mask >> bit & 1) != 0;
  }
}

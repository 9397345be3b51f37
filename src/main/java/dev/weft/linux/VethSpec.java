package dev.weft.linux;

import java.util.Optional;

/**
 * A veth pair to be made.
 *
 * @param mtu 68..65535 bytes, of this end
 * @param alias owner's mark; empty for none
 * @param up whether this end is brought up
 * @param noArp whether this end neither asks nor answers ARP
 */
public record VethSpec(String name, int mtu, String alias, boolean up, boolean noArp, Peer peer) {
  public VethSpec {
    InterfaceName.check(name);
    LinkCodec.checkMtu(mtu);
  }

  /**
   * The other end, left down.
   *
   * @param netns where it is made; empty for this end's own
   * @param mac empty for one that the kernel chooses
   */
  public record Peer(Optional<Netns> netns, String name, int mtu, Optional<String> mac) {
    public Peer {
      InterfaceName.check(name);
      LinkCodec.checkMtu(mtu);
    }

    public Peer(Netns netns, String name, int mtu) {
      this(Optional.of(netns), name, mtu, Optional.empty());
    }
  }
}

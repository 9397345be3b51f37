package dev.weft.linux;

import java.util.Optional;

/**
 * A veth pair to be created.
 *
 * @param mtu 68..65535 bytes, of this end
 * @param alias names the owner; empty for none
 * @param up whether this end is brought up
 * @param noArp whether this end neither sends nor answers ARP requests
 */
public record VethSpec(String name, int mtu, String alias, boolean up, boolean noArp, Peer peer) {
  public VethSpec {
    InterfaceName.check(name);
    LinkCodec.checkMtu(mtu);
  }

  /**
   * The other end, left down.
   *
   * @param netns where it is created; empty for this end's namespace
   * @param mac empty for a MAC that the kernel chooses
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

package dev.weft.linux;

import dev.weft.address.Cidr;
import java.nio.ByteBuffer;
import java.util.Optional;

/** An IP address of a link. */
public record LinkAddress(int ifindex, Cidr cidr) {
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_DELADDR = 21;
  private static final int RTM_GETADDR = 22;
  private static final int IFADDRMSG = 8;
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_FLAGS = 8;
  private static final int IFA_F_NODAD = 2;

  static NetlinkMessage dump() {
    return new NetlinkMessage(RTM_GETADDR, NetlinkMessage.DUMP).u32(0).u32(0);
  }

  NetlinkMessage add() {
    return message(RTM_NEWADDR, NetlinkMessage.CREATE | NetlinkMessage.REPLACE)
        .attribute(IFA_FLAGS, IFA_F_NODAD);
  }

  NetlinkMessage delete() {
    return message(RTM_DELADDR, 0);
  }

  /** {@code ifaddrmsg}: family, prefix length, flags, scope, index. */
  private NetlinkMessage message(int type, int flags) {
    return new NetlinkMessage(type, flags)
        .u8(SocketAddresses.family(cidr.address()))
        .u8(cidr.prefixLength())
        .u8(0)
        .u8(0)
        .u32(ifindex)
        .attribute(IFA_LOCAL, cidr.address())
        .attribute(IFA_ADDRESS, cidr.address());
  }

  static LinkAddress decode(ByteBuffer body) {
    int prefixLength = body.get(1) & 0xff;
    int ifindex = body.getInt(4);
    Attributes attributes = Attributes.parse(body.position(IFADDRMSG));
    // On a point-to-point link IFA_ADDRESS is the other side's; IPv6 gives no IFA_LOCAL elsewhere.
    Optional<LinkAddress> address =
        attributes
            .address(IFA_LOCAL)
            .or(() -> attributes.address(IFA_ADDRESS))
            .map(own -> new LinkAddress(ifindex, new Cidr(own, prefixLength)));
    return address.orElse(null);
  }
}

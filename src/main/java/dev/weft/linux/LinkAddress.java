package dev.weft.linux;

import dev.weft.address.Cidr;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An IP address of a link.
 *
 * @param protocol who added it; 0 before Linux 5.18, and for whoever does not say
 */
public record LinkAddress(int ifindex, Cidr cidr, int protocol) {
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_DELADDR = 21;
  private static final int RTM_GETADDR = 22;
  private static final int IFADDRMSG = 8;
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_FLAGS = 8;
  private static final int IFA_PROTO = 11;
  private static final int IFA_F_NODAD = 2;

  /** An address of Weft's. */
  static LinkAddress own(int ifindex, Cidr cidr) {
    return new LinkAddress(ifindex, cidr, Route.PROTOCOL);
  }

  static NetlinkMessage dump() {
    return new NetlinkMessage(RTM_GETADDR, NetlinkMessage.DUMP).u32(0).u32(0);
  }

  NetlinkMessage add() {
    return message(RTM_NEWADDR, NetlinkMessage.CREATE | NetlinkMessage.REPLACE)
        .attribute(IFA_FLAGS, IFA_F_NODAD)
        .attributeU8(IFA_PROTO, protocol);
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
    int protocol = attributes.u8(IFA_PROTO, 0);
    Optional<LinkAddress> address =
        attributes
            .address(IFA_LOCAL)
            .or(() -> attributes.address(IFA_ADDRESS))
            .map(own -> new LinkAddress(ifindex, new Cidr(own, prefixLength), protocol));
    return address.orElse(null);
  }
}

package dev.weft.linux;

import dev.weft.address.Mac;
import java.nio.ByteBuffer;

/** RTM_…NEIGH messages: include/uapi/linux/neighbour.h. */
final class NeighbourCodec {
  private static final int RTM_NEWNEIGH = 28;
  private static final int RTM_DELNEIGH = 29;
  private static final int RTM_GETNEIGH = 30;
  private static final int AF_BRIDGE = 7;
  private static final int NDMSG = 12;
  private static final int NDA_DST = 1;
  private static final int NDA_LLADDR = 2;
  private static final int NDA_IFINDEX = 8;
  private static final int NUD_NOARP = 0x40;
  private static final int NUD_PERMANENT = 0x80;
  private static final int NTF_SELF = 0x02;

  private NeighbourCodec() {}

  /** {@code ndmsg}: family, pads, index, state, flags, type. */
  private static NetlinkMessage message(
      int type, int messageFlags, int family, int ifindex, int state, int flags) {
    return new NetlinkMessage(type, messageFlags)
        .u32(family)
        .u32(ifindex)
        .u16(state)
        .u8(flags)
        .u8(0);
  }

  static NetlinkMessage dumpNeighbours() {
    return message(RTM_GETNEIGH, NetlinkMessage.DUMP, 0, 0, 0, 0);
  }

  static NetlinkMessage dumpFdb(int ifindex) {
    return message(RTM_GETNEIGH, NetlinkMessage.DUMP, AF_BRIDGE, 0, 0, 0)
        .attribute(NDA_IFINDEX, ifindex);
  }

  static NetlinkMessage add(Neighbour neighbour) {
    return message(
            RTM_NEWNEIGH, NetlinkMessage.CREATE | NetlinkMessage.REPLACE, neighbour, NUD_PERMANENT)
        .attribute(NDA_LLADDR, Mac.parse(neighbour.mac()));
  }

  static NetlinkMessage delete(Neighbour neighbour) {
    return message(RTM_DELNEIGH, 0, neighbour, 0);
  }

  private static NetlinkMessage message(int type, int flags, Neighbour neighbour, int state) {
    int family = SocketAddresses.family(neighbour.address());
    return message(type, flags, family, neighbour.ifindex(), state, 0)
        .attribute(NDA_DST, neighbour.address());
  }

  static NetlinkMessage add(FdbEntry entry) {
    int more = entry.mac().equals(FdbEntry.ANY) ? NetlinkMessage.APPEND : NetlinkMessage.REPLACE;
    return message(RTM_NEWNEIGH, NetlinkMessage.CREATE | more, entry);
  }

  static NetlinkMessage delete(FdbEntry entry) {
    return message(RTM_DELNEIGH, 0, entry);
  }

  private static NetlinkMessage message(int type, int flags, FdbEntry entry) {
    NetlinkMessage message =
        message(type, flags, AF_BRIDGE, entry.ifindex(), NUD_NOARP | NUD_PERMANENT, NTF_SELF)
            .attribute(NDA_LLADDR, Mac.parse(entry.mac()));
    entry.remote().ifPresent(remote -> message.attribute(NDA_DST, remote));
    return message;
  }

  /** Null for an entry that is not permanent: learnt, or still being resolved. */
  static Neighbour decodeNeighbour(ByteBuffer body) {
    if ((body.getShort(8) & NUD_PERMANENT) == 0) {
      return null;
    }
    int ifindex = body.getInt(4);
    Attributes attributes = Attributes.parse(body.position(NDMSG));
    String mac = Mac.format(attributes.bytes(NDA_LLADDR));
    return attributes
        .address(NDA_DST)
        .map(address -> new Neighbour(ifindex, address, mac))
        .orElse(null);
  }

  /** Null if it is not a permanent entry of this device's own table. */
  static FdbEntry decodeFdb(ByteBuffer body, int ifindex) {
    boolean isOwn =
        body.getInt(4) == ifindex
            && (body.getShort(8) & NUD_PERMANENT) != 0
            && (body.get(10) & NTF_SELF) != 0;
    if (!isOwn) {
      return null;
    }
    Attributes attributes = Attributes.parse(body.position(NDMSG));
    return new FdbEntry(
        ifindex, Mac.format(attributes.bytes(NDA_LLADDR)), attributes.address(NDA_DST));
  }
}

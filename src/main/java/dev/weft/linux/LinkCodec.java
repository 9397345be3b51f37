package dev.weft.linux;

import dev.weft.address.Mac;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** RTM_…LINK messages: include/uapi/linux/if_link.h. */
final class LinkCodec {
  static final int RTM_NEWLINK = 16;
  private static final int RTM_NEWLINKPROP = 108;
  static final int RTM_DELLINK = 17;
  private static final int RTM_GETLINK = 18;
  private static final int RTM_SETLINK = 19;
  private static final int RTM_NEWNSID = 88;
  private static final int NETNSA_NSID = 1;
  private static final int NETNSA_FD = 3;

  static final int IFINFOMSG = 16;
  private static final int INDEX_AT = 4;
  private static final int FLAGS_AT = 8;

  static final int IFF_UP = 0x1;
  static final int IFF_NOARP = 0x80;

  static final int IFLA_ADDRESS = 1;
  static final int IFLA_IFNAME = 3;
  static final int IFLA_MTU = 4;
  private static final int IFLA_LINK = 5;
  static final int IFLA_MASTER = 10;
  private static final int IFLA_LINKINFO = 18;
  static final int IFLA_IFALIAS = 20;
  private static final int IFLA_STATS64 = 23;
  private static final int IFLA_AF_SPEC = 26;
  private static final int IFLA_GROUP = 27;
  static final int IFLA_NET_NS_FD = 28;
  private static final int IFLA_EXT_MASK = 29;
  private static final int IFLA_NUM_TX_QUEUES = 31;
  private static final int IFLA_NUM_RX_QUEUES = 32;
  private static final int IFLA_CARRIER = 33;
  private static final int IFLA_LINK_NETNSID = 37;
  private static final int IFLA_PROP_LIST = 52;
  static final int IFLA_GSO_IPV4_MAX_SIZE = 63;
  private static final int IFLA_ALT_IFNAME = 53;
  static final int IFLA_PROTO_DOWN = 39;
  private static final int IFLA_INET6_ADDR_GEN_MODE = 8;
  private static final int IN6_ADDR_GEN_MODE_NONE = 1;
  private static final int IFLA_INFO_KIND = 1;
  private static final int IFLA_INFO_DATA = 2;
  private static final int VETH_INFO_PEER = 1;
  private static final int IFLA_MACVLAN_MODE = 1;
  private static final int MACVLAN_MODE_BRIDGE = 4;
  private static final int IFLA_VXLAN_ID = 1;
  private static final int IFLA_VXLAN_GROUP = 2;
  private static final int IFLA_VXLAN_LINK = 3;
  private static final int IFLA_VXLAN_LOCAL = 4;
  private static final int IFLA_VXLAN_LEARNING = 7;
  private static final int IFLA_VXLAN_PORT = 15;
  private static final int IFLA_VXLAN_GROUP6 = 16;
  private static final int IFLA_VXLAN_LOCAL6 = 17;

  /** Leaves out 200 bytes of counters for each link of a dump. */
  private static final int RTEXT_FILTER_SKIP_STATS = 8;

  private LinkCodec() {}

  static int checkMtu(int mtu) {
    if (mtu < 68 || mtu > 65535) {
      throw new IllegalArgumentException("mtu: " + mtu + " (expected: 68..65535)");
    }
    return mtu;
  }

  private static NetlinkMessage message(int type, int flags, int index, int set, int change) {
    return header(new NetlinkMessage(type, flags), index, set, change);
  }

  /** {@code ifinfomsg}: family, pad, type, index, flags, mask of the flags that change. */
  private static NetlinkMessage header(NetlinkMessage message, int index, int set, int change) {
    return message.u32(0).u32(index).u32(set).u32(change);
  }

  static NetlinkMessage dump() {
    return message(RTM_GETLINK, NetlinkMessage.DUMP, 0, 0, 0)
        .attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  }

  static NetlinkMessage get(int index) {
    return message(RTM_GETLINK, 0, index, 0, 0).attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  }

  static NetlinkMessage counters(int index) {
    return message(RTM_GETLINK, 0, index, 0, 0);
  }

  /** {@code rx_packets}, the first of {@code rtnl_link_stats64}; 0 without counters. */
  static long received(ByteBuffer body) {
    byte[] stats =
        Attributes.parse(body.duplicate().order(body.order()).position(IFINFOMSG))
            .bytes(IFLA_STATS64);
    return stats.length < Long.BYTES ? 0 : ByteBuffer.wrap(stats).order(body.order()).getLong();
  }

  /**
   * The first eight fields of {@code rtnl_link_stats64}: packets, bytes, errors and drops, each
   * received and sent; zeros without counters.
   */
  static LinkTraffic traffic(ByteBuffer body) {
    byte[] stats =
        Attributes.parse(body.duplicate().order(body.order()).position(IFINFOMSG))
            .bytes(IFLA_STATS64);
    ByteBuffer in = ByteBuffer.wrap(Arrays.copyOf(stats, 8 * Long.BYTES)).order(body.order());
    return new LinkTraffic(way(in, 0), way(in, Long.BYTES));
  }

  private static LinkTraffic.Direction way(ByteBuffer stats, int at) {
    int pair = 2 * Long.BYTES;
    return new LinkTraffic.Direction(
        stats.getLong(at),
        stats.getLong(at + pair),
        stats.getLong(at + 2 * pair) + stats.getLong(at + 3 * pair));
  }

  static NetlinkMessage get(String name) {
    return get(0).attribute(IFLA_IFNAME, name);
  }

  static NetlinkMessage getByOtherName(String name) {
    return get(0).attribute(IFLA_ALT_IFNAME, name);
  }

  static NetlinkMessage addOtherName(int index, String name) {
    return message(RTM_NEWLINKPROP, NetlinkMessage.CREATE | NetlinkMessage.EXCL, index, 0, 0)
        .nest(IFLA_PROP_LIST, names -> names.attribute(IFLA_ALT_IFNAME, name));
  }

  /** A change of a link; attributes follow. */
  static NetlinkMessage set(int index) {
    return message(RTM_SETLINK, 0, index, 0, 0);
  }

  static NetlinkMessage flags(int index, int set, int change) {
    return message(RTM_SETLINK, 0, index, set, change);
  }

  static NetlinkMessage noLinkLocal(int index) {
    return set(index)
        .nest(
            IFLA_AF_SPEC,
            families ->
                families.nest(
                    NativeSocket.AF_INET6,
                    six -> six.attributeU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)));
  }

  static NetlinkMessage delete(int index) {
    return message(RTM_DELLINK, 0, index, 0, 0);
  }

  /** The receiving namespace gives the other one an id, by which it hears of it. */
  static NetlinkMessage namespaceId(Netns other) {
    return new NetlinkMessage(RTM_NEWNSID, 0)
        .u32(0)
        .attribute(NETNSA_NSID, -1)
        .attribute(NETNSA_FD, other.fd());
  }

  static NetlinkMessage group(int index, int group) {
    return set(index).attribute(IFLA_GROUP, group);
  }

  static NetlinkMessage deleteGroup(int group) {
    return delete(0).attribute(IFLA_GROUP, group);
  }

  private static NetlinkMessage create(String name) {
    return create(name, 0);
  }

  private static NetlinkMessage create(String name, int index) {
    return message(RTM_NEWLINK, NetlinkMessage.CREATE | NetlinkMessage.EXCL, index, 0, 0)
        .attribute(IFLA_IFNAME, name);
  }

  static NetlinkMessage bridge(String name) {
    return create(name).nest(IFLA_LINKINFO, info -> info.attribute(IFLA_INFO_KIND, "bridge"));
  }

  static NetlinkMessage wireguard(String name, int mtu) {
    return create(name)
        .attribute(IFLA_MTU, checkMtu(mtu))
        .nest(IFLA_LINKINFO, info -> info.attribute(IFLA_INFO_KIND, "wireguard"));
  }

  static NetlinkMessage veth(VethSpec spec, int index) {
    return oneQueue(create(spec.name(), index).attribute(IFLA_MTU, spec.mtu()))
        .nest(
            IFLA_LINKINFO,
            info ->
                info.attribute(IFLA_INFO_KIND, "veth")
                    .nest(
                        IFLA_INFO_DATA,
                        data -> data.nest(VETH_INFO_PEER, peer -> peer(peer, spec.peer()))));
  }

  private static void peer(NetlinkMessage message, VethSpec.Peer peer) {
    oneQueue(header(message, 0, 0, 0).attribute(IFLA_IFNAME, peer.name()))
        .attribute(IFLA_MTU, peer.mtu());
    peer.mac().ifPresent(mac -> message.attribute(IFLA_ADDRESS, Mac.parse(mac)));
    peer.netns().ifPresent(netns -> message.attribute(IFLA_NET_NS_FD, netns.fd()));
  }

  /**
   * One queue: otherwise a veth gets one for each possible CPU, uses one of them, and waits twice
   * for RCU under rtnl while it frees the others (veth_init_queues, drivers/net/veth.c).
   */
  private static NetlinkMessage oneQueue(NetlinkMessage message) {
    return message.attribute(IFLA_NUM_TX_QUEUES, 1).attribute(IFLA_NUM_RX_QUEUES, 1);
  }

  /**
   * Sets what the creation of a link cannot: the alias, and the flags together with it, so that a
   * link is never up without its owner's alias.
   */
  static NetlinkMessage mark(VethSpec spec) {
    int flags = (spec.up() ? IFF_UP : 0) | (spec.noArp() ? IFF_NOARP : 0);
    NetlinkMessage message = flags(0, flags, flags).attribute(IFLA_IFNAME, spec.name());
    return spec.alias().isEmpty() ? message : message.attribute(IFLA_IFALIAS, spec.alias());
  }

  static NetlinkMessage vxlan(VxlanSpec spec) {
    return create(spec.name())
        .attribute(IFLA_MTU, spec.mtu())
        .nest(
            IFLA_LINKINFO,
            info ->
                info.attribute(IFLA_INFO_KIND, "vxlan")
                    .nest(IFLA_INFO_DATA, data -> vxlanData(data, spec)));
  }

  private static void vxlanData(NetlinkMessage data, VxlanSpec spec) {
    boolean four = spec.local() instanceof Inet4Address;
    data.attribute(IFLA_VXLAN_ID, spec.vni())
        .attribute(four ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, spec.local())
        .attributeU8(IFLA_VXLAN_LEARNING, spec.learning() ? 1 : 0)
        .attributeBe16(IFLA_VXLAN_PORT, spec.port());
    if (spec.underlay() != 0) {
      data.attribute(IFLA_VXLAN_LINK, spec.underlay());
    }
    spec.remote()
        .ifPresent(remote -> data.attribute(four ? IFLA_VXLAN_GROUP : IFLA_VXLAN_GROUP6, remote));
  }

  static NetlinkMessage macvlan(String name, int parent, Netns netns) {
    return create(name)
        .attribute(IFLA_LINK, parent)
        .attribute(IFLA_NET_NS_FD, netns.fd())
        .nest(
            IFLA_LINKINFO,
            info ->
                info.attribute(IFLA_INFO_KIND, "macvlan")
                    .nest(
                        IFLA_INFO_DATA,
                        data -> data.attribute(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE)));
  }

  static Link decode(ByteBuffer body) {
    int flags = body.getInt(FLAGS_AT);
    Attributes attributes =
        Attributes.parse(body.duplicate().order(body.order()).position(IFINFOMSG));
    Attributes info = attributes.nest(IFLA_LINKINFO);
    String name = attributes.text(IFLA_IFNAME);
    int mtu = attributes.i32(IFLA_MTU, 0);
    String kind = info.text(IFLA_INFO_KIND);
    return new Link(
        body.getInt(INDEX_AT),
        name,
        kind,
        attributes.text(IFLA_IFALIAS),
        mtu,
        Mac.format(attributes.bytes(IFLA_ADDRESS)),
        (flags & IFF_UP) != 0,
        (flags & IFF_NOARP) != 0,
        attributes.u8(IFLA_CARRIER, 0) == 1,
        attributes.i32(IFLA_MASTER, 0),
        attributes.i32(IFLA_LINK, 0),
        attributes.i32(IFLA_LINK_NETNSID, -1),
        kind.equals("vxlan") ? vxlan(info.nest(IFLA_INFO_DATA), name, mtu) : Optional.empty());
  }

  /** Empty for a device without a source address, which Weft never creates. */
  private static Optional<VxlanSpec> vxlan(Attributes data, String name, int mtu) {
    Optional<InetAddress> local =
        data.address(IFLA_VXLAN_LOCAL).or(() -> data.address(IFLA_VXLAN_LOCAL6));
    int vni = data.i32(IFLA_VXLAN_ID, 0);
    int port = data.be16(IFLA_VXLAN_PORT, 0);
    if (local.isEmpty() || vni == 0 || port == 0 || mtu < 68 || mtu > 65535) {
      return Optional.empty();
    }
    return Optional.of(
        new VxlanSpec(
            name,
            vni,
            local.get(),
            data.address(IFLA_VXLAN_GROUP).or(() -> data.address(IFLA_VXLAN_GROUP6)),
            port,
            data.i32(IFLA_VXLAN_LINK, 0),
            data.u8(IFLA_VXLAN_LEARNING, 0) == 1,
            mtu));
  }
}

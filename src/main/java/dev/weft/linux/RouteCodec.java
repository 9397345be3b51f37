package dev.weft.linux;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.net.InetAddress;
import java.nio.ByteBuffer;

/** RTM_…ROUTE messages: include/uapi/linux/rtnetlink.h. */
final class RouteCodec {
  private static final int RTM_NEWROUTE = 24;
  private static final int RTM_DELROUTE = 25;
  private static final int RTM_GETROUTE = 26;
  private static final int RTMSG = 12;
  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;
  private static final int RTA_GATEWAY = 5;
  private static final int RTA_PRIORITY = 6;
  private static final int RTA_PREFSRC = 7;
  private static final int RTA_METRICS = 8;
  private static final int RTA_MULTIPATH = 9;
  private static final int RTA_TABLE = 15;
  private static final int RTAX_MTU = 2;
  private static final int RT_TABLE_MAIN = 254;
  private static final int RTN_UNICAST = 1;
  private static final int RTN_BLACKHOLE = 6;
  private static final int RTN_UNREACHABLE = 7;
  private static final int RTN_PROHIBIT = 8;
  private static final int RTN_THROW = 9;
  private static final int RT_SCOPE_UNIVERSE = 0;
  private static final int RT_SCOPE_LINK = 253;
  private static final int RT_SCOPE_NOWHERE = 255;
  private static final int RTNH_F_ONLINK = 4;
  private static final int RTM_F_CLONED = 0x200;
  private static final int RTM_F_FIB_MATCH = 0x2000;

  private RouteCodec() {}

  /**
   * @param protocol 0 for all; the kernel filters
   */
  static NetlinkMessage dump(int family, int protocol) {
    return dump(family, protocol, 0);
  }

  static NetlinkMessage dumpThrows(int family) {
    return dump(family, 0, RTN_THROW);
  }

  private static NetlinkMessage dump(int family, int protocol, int type) {
    return new NetlinkMessage(RTM_GETROUTE, NetlinkMessage.DUMP)
        .u8(family)
        .u8(0)
        .u16(0)
        .u8(0)
        .u8(protocol)
        .u8(0)
        .u8(type)
        .u32(0);
  }

  /** Asks for the route that the kernel would use to an address. */
  static NetlinkMessage lookup(InetAddress to) {
    return lookup(to, 0);
  }

  /** Asks for the table's entry that the kernel would use to an address. */
  static NetlinkMessage match(InetAddress to) {
    return lookup(to, RTM_F_FIB_MATCH);
  }

  private static NetlinkMessage lookup(InetAddress to, int flags) {
    return new NetlinkMessage(RTM_GETROUTE, 0)
        .u8(SocketAddresses.family(to))
        .u8(to.getAddress().length * 8)
        .u16(0)
        .u32(0)
        .u32(flags)
        .attribute(RTA_DST, to);
  }

  static NetlinkMessage add(Route route) {
    return message(RTM_NEWROUTE, NetlinkMessage.CREATE | NetlinkMessage.EXCL, route, scope(route));
  }

  static NetlinkMessage replace(Route route) {
    return message(
        RTM_NEWROUTE, NetlinkMessage.CREATE | NetlinkMessage.REPLACE, route, scope(route));
  }

  static NetlinkMessage delete(Route route) {
    return message(RTM_DELROUTE, 0, route, RT_SCOPE_NOWHERE);
  }

  private static int scope(Route route) {
    return route.gateway().isPresent() ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  }

  /** {@code rtmsg}: family, lengths, TOS, table, protocol, scope, type, flags. */
  private static NetlinkMessage message(int type, int flags, Route route, int scope) {
    Cidr destination = route.destination();
    NetlinkMessage message =
        new NetlinkMessage(type, flags)
            .u8(SocketAddresses.family(destination.address()))
            .u8(destination.prefixLength())
            .u16(0)
            .u8(RT_TABLE_MAIN)
            .u8(route.protocol())
            .u8(scope)
            .u8(RTN_UNICAST)
            .u32(route.onlink() ? RTNH_F_ONLINK : 0);
    if (destination.prefixLength() > 0) {
      message.attribute(RTA_DST, destination.address());
    }
    if (route.ifindex() != 0) {
      message.attribute(RTA_OIF, route.ifindex());
    }
    if (route.metric() != 0) {
      message.attribute(RTA_PRIORITY, route.metric());
    }
    route.gateway().ifPresent(gateway -> message.attribute(RTA_GATEWAY, gateway));
    route.source().ifPresent(source -> message.attribute(RTA_PREFSRC, source));
    if (route.mtu() != 0) {
      message.nest(RTA_METRICS, metrics -> metrics.attribute(RTAX_MTU, route.mtu()));
    }
    return message;
  }

  /** Null for an entry of another table or of the kernel's cache. */
  static Route decodeMain(ByteBuffer body) {
    boolean isCached = (body.getInt(8) & RTM_F_CLONED) != 0;
    int table = body.get(4) & 0xff;
    boolean isMain = attributes(body).i32(RTA_TABLE, table) == RT_TABLE_MAIN;
    return isMain && !isCached ? decode(body) : null;
  }

  static Route decode(ByteBuffer body) {
    Attributes attributes = attributes(body);
    int bytes = (body.get(0) & 0xff) == NativeSocket.AF_INET ? 4 : 16;
    InetAddress destination =
        attributes.address(RTA_DST).orElseGet(() -> IpAddress.of(new byte[bytes]));
    return new Route(
        kind(body.get(7) & 0xff, attributes),
        new Cidr(destination, body.get(1) & 0xff),
        attributes.address(RTA_GATEWAY),
        attributes.i32(RTA_OIF, 0),
        body.get(5) & 0xff,
        (body.getInt(8) & RTNH_F_ONLINK) != 0,
        attributes.i32(RTA_PRIORITY, 0),
        attributes.has(RTA_METRICS) ? attributes.nest(RTA_METRICS).i32(RTAX_MTU, 0) : 0,
        attributes.address(RTA_PREFSRC));
  }

  private static Route.Kind kind(int type, Attributes attributes) {
    return switch (type) {
      case RTN_UNICAST -> attributes.has(RTA_MULTIPATH) ? Route.Kind.MULTIPATH : Route.Kind.UNICAST;
      case RTN_BLACKHOLE -> Route.Kind.BLACKHOLE;
      case RTN_UNREACHABLE -> Route.Kind.UNREACHABLE;
      case RTN_PROHIBIT -> Route.Kind.PROHIBIT;
      case RTN_THROW -> Route.Kind.THROW;
      default -> Route.Kind.OTHER;
    };
  }

  private static Attributes attributes(ByteBuffer body) {
    return Attributes.parse(body.duplicate().order(body.order()).position(RTMSG));
  }
}

package dev.weft.nsm.client;

import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.proto.MonitorProto;
import dev.weft.nsm.proto.MonitorProto.PathSegment;
import java.util.List;

/** Connections as their clients are told of them. */
final class ConnectionMessages {
  private ConnectionMessages() {}

  /**
   * @param happened one word; {@code ended} for a connection that is no more
   */
  static MonitorProto.Connection of(ConnectionStatus c, String happened) {
    boolean up = c.state() == ConnectionState.UP;
    MonitorProto.Connection.Builder message =
        MonitorProto.Connection.newBuilder()
            .setId(c.id())
            .setNetworkService(c.service())
            .setMechanism(
                MonitorProto.Mechanism.newBuilder()
                    .setCls(c.carrier() == Mechanism.VETH ? "LOCAL" : "REMOTE")
                    .setType("KERNEL")
                    .putParameters("name", c.clientInterface()))
            .setContext(
                MonitorProto.ConnectionContext.newBuilder().setIpContext(ip(c)).setMTU(c.mtu()))
            .setPath(path(c))
            .setNetworkServiceEndpointName(c.provider())
            .setPayload("IP")
            .setState(up ? MonitorProto.State.UP : MonitorProto.State.DOWN)
            .setHappened(happened);
    if (c.reason() != null) {
      message.setReason(c.reason());
    }
    return message.build();
  }

  private static MonitorProto.IPContext ip(ConnectionStatus c) {
    MonitorProto.IPContext.Builder ip =
        MonitorProto.IPContext.newBuilder()
            .addSrcIpAddrs(c.clientAddress())
            .addDstIpAddrs(c.endpointAddress());
    if (c.clientAddress6() != null) {
      ip.addSrcIpAddrs(c.clientAddress6()).addDstIpAddrs(c.endpointAddress6());
    }
    c.routes().forEach(route -> ip.addSrcRoutes(MonitorProto.Route.newBuilder().setPrefix(route)));
    return ip.build();
  }

  private static MonitorProto.Path path(ConnectionStatus c) {
    MonitorProto.Path.Builder path =
        MonitorProto.Path.newBuilder()
            .addPathSegments(segment(c.clientPod().toString(), c.requestId()))
            .addPathSegments(segment(c.clientNode(), c.id()))
            .addPathSegments(segment(c.endpointNode(), c.id()))
            .addPathSegments(segment(c.provider(), c.id()));
    c.hops().stream()
        .skip(1)
        .forEach(
            hop ->
                path.addPathSegments(segment(hop.endpointNode(), hop.connection()))
                    .addPathSegments(segment(hop.provider(), hop.connection())));
    return path.build();
  }

  private static PathSegment segment(String name, String id) {
    return PathSegment.newBuilder().setName(name).setId(id).build();
  }

  /** Whether a connection's path has all segments that a selector names. */
  static boolean selects(List<PathSegment> selector, MonitorProto.Connection c) {
    return selector.stream()
        .allMatch(
            wanted ->
                c.getPath().getPathSegmentsList().stream().anyMatch(has -> matches(wanted, has)));
  }

  private static boolean matches(PathSegment wanted, PathSegment has) {
    return (wanted.getName().isEmpty() || wanted.getName().equals(has.getName()))
        && (wanted.getId().isEmpty() || wanted.getId().equals(has.getId()));
  }
}

package dev.weft.nsm;

import com.google.protobuf.Message;
import dev.weft.nsm.proto.ConnectionEnd;
import dev.weft.nsm.proto.ConnectionEnded;
import dev.weft.nsm.proto.ConnectionReply;
import dev.weft.nsm.proto.ConnectionRequest;
import dev.weft.nsm.proto.EndpointAdvertiseReply;
import dev.weft.nsm.proto.EndpointAdvertiseRequest;
import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import dev.weft.nsm.proto.EndpointRemoveReply;
import dev.weft.nsm.proto.EndpointRemoveRequest;
import dev.weft.nsm.proto.HopDrop;
import dev.weft.nsm.proto.HopDropped;
import dev.weft.nsm.proto.HopNews;
import dev.weft.nsm.proto.HopNewsSeen;
import dev.weft.nsm.proto.HopReply;
import dev.weft.nsm.proto.HopRequest;
import dev.weft.nsm.proto.HopRouted;
import dev.weft.nsm.proto.HopRoutes;
import dev.weft.nsm.proto.LeaseRenewal;
import dev.weft.nsm.proto.LeaseState;
import dev.weft.nsm.proto.MonitorProto;
import dev.weft.nsm.proto.NetworkServiceProto;
import dev.weft.nsm.proto.NseConnectProto;
import dev.weft.nsm.proto.NsmConnectProto;
import dev.weft.nsm.proto.NsmHopsProto;
import dev.weft.nsm.proto.NsmLeaseProto;
import dev.weft.nsm.proto.ProxyConnectionReply;
import dev.weft.nsm.proto.ProxyConnectionRequest;
import dev.weft.rpc.GrpcMethod;

/** The gRPC methods of network services. */
public final class Calls {
  /** A client requests a service from its node. */
  public static final GrpcMethod<ConnectionRequest, ConnectionReply> REQUEST =
      connect(
          "ClientConnection",
          "RequestConnection",
          ConnectionRequest.getDefaultInstance(),
          ConnectionReply.getDefaultInstance());

  /** An endpoint advertises its services. */
  public static final GrpcMethod<EndpointAdvertiseRequest, EndpointAdvertiseReply> ADVERTISE =
      endpoint(
          "EndpointOperations",
          "AdvertiseEndpoint",
          EndpointAdvertiseRequest.getDefaultInstance(),
          EndpointAdvertiseReply.getDefaultInstance());

  public static final GrpcMethod<EndpointRemoveRequest, EndpointRemoveReply> REMOVE =
      endpoint(
          "EndpointOperations",
          "RemoveEndpoint",
          EndpointRemoveRequest.getDefaultInstance(),
          EndpointRemoveReply.getDefaultInstance());

  /** A node asks an endpoint for a connection; the endpoint serves this method. */
  public static final GrpcMethod<EndpointConnectionRequest, EndpointConnectionReply> ASK =
      endpoint(
          "EndpointConnection",
          "RequestEndpointConnection",
          EndpointConnectionRequest.getDefaultInstance(),
          EndpointConnectionReply.getDefaultInstance());

  public static final GrpcMethod<ProxyConnectionRequest, ProxyConnectionReply> PROXY =
      connect(
          "ProxyConnection",
          "RequestProxyConnection",
          ProxyConnectionRequest.getDefaultInstance(),
          ProxyConnectionReply.getDefaultInstance());

  public static final GrpcMethod<LeaseRenewal, LeaseState> RENEW =
      lease("Renew", LeaseRenewal.getDefaultInstance(), LeaseState.getDefaultInstance());

  public static final GrpcMethod<ConnectionEnd, ConnectionEnded> END =
      lease("End", ConnectionEnd.getDefaultInstance(), ConnectionEnded.getDefaultInstance());

  /** A client learns what becomes of its connections: a stream of events. */
  public static final GrpcMethod<MonitorProto.MonitorScopeSelector, MonitorProto.ConnectionEvent>
      MONITOR =
          new GrpcMethod<>(
              MonitorProto.getDescriptor().findServiceByName("MonitorConnection"),
              "MonitorConnections",
              MonitorProto.MonitorScopeSelector.getDefaultInstance(),
              MonitorProto.ConnectionEvent.getDefaultInstance());

  /** A client ends its connection. */
  public static final GrpcMethod<MonitorProto.Connection, NetworkServiceProto.Empty> CLOSE =
      new GrpcMethod<>(
          NetworkServiceProto.getDescriptor().findServiceByName("NetworkService"),
          "Close",
          MonitorProto.Connection.getDefaultInstance(),
          NetworkServiceProto.Empty.getDefaultInstance());

  /** The next hop of a chain. */
  public static final GrpcMethod<HopRequest, HopReply> EXTEND =
      hops("Extend", HopRequest.getDefaultInstance(), HopReply.getDefaultInstance());

  /** The routes of a hop of a chain. */
  public static final GrpcMethod<HopRoutes, HopRouted> ROUTE =
      hops("Route", HopRoutes.getDefaultInstance(), HopRouted.getDefaultInstance());

  /** What becomes of hops. */
  public static final GrpcMethod<HopNews, HopNewsSeen> TELL =
      hops("Tell", HopNews.getDefaultInstance(), HopNewsSeen.getDefaultInstance());

  /** A hop ends. */
  public static final GrpcMethod<HopDrop, HopDropped> DROP =
      hops("Drop", HopDrop.getDefaultInstance(), HopDropped.getDefaultInstance());

  private Calls() {}

  private static <Q extends Message, R extends Message> GrpcMethod<Q, R> connect(
      String service, String method, Q request, R reply) {
    return new GrpcMethod<>(
        NsmConnectProto.getDescriptor().findServiceByName(service), method, request, reply);
  }

  private static <Q extends Message, R extends Message> GrpcMethod<Q, R> endpoint(
      String service, String method, Q request, R reply) {
    return new GrpcMethod<>(
        NseConnectProto.getDescriptor().findServiceByName(service), method, request, reply);
  }

  private static <Q extends Message, R extends Message> GrpcMethod<Q, R> hops(
      String method, Q request, R reply) {
    return new GrpcMethod<>(
        NsmHopsProto.getDescriptor().findServiceByName("Hops"), method, request, reply);
  }

  private static <Q extends Message, R extends Message> GrpcMethod<Q, R> lease(
      String method, Q request, R reply) {
    return new GrpcMethod<>(
        NsmLeaseProto.getDescriptor().findServiceByName("Leases"), method, request, reply);
  }
}

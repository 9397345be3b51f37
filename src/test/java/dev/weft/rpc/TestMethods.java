package dev.weft.rpc;

import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import dev.weft.nsm.proto.NseConnectProto;

/** Methods of the contract that tests serve and call. */
final class TestMethods {
  static final GrpcMethod<EndpointConnectionRequest, EndpointConnectionReply> ASK =
      new GrpcMethod<>(
          NseConnectProto.getDescriptor().findServiceByName("EndpointConnection"),
          "RequestEndpointConnection",
          EndpointConnectionRequest.getDefaultInstance(),
          EndpointConnectionReply.getDefaultInstance());

  private TestMethods() {}
}

package dev.weft.nsm.endpoint;

import dev.weft.bus.Fault;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.proto.EndpointAdvertiseReply;
import dev.weft.nsm.proto.EndpointAdvertiseRequest;
import dev.weft.nsm.proto.EndpointRemoveReply;
import dev.weft.nsm.proto.EndpointRemoveRequest;
import dev.weft.nsm.proto.NetworkServiceEndpoint;
import dev.weft.pod.Pod;
import dev.weft.room.RoomThread;
import dev.weft.rpc.UnixPeer;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Serves {@code nseconnect.EndpointOperations} on the socket for endpoints. */
public final class Advertising {
  private static final int MAX_PER_CALL = 64;
  private static final int MAX_ENDPOINTS = 1024;

  private final String self;
  private final Endpoints endpoints;
  private final Admission admission;
  private final RoomThread thread;
  private final Supplier<Collection<Pod>> pods;

  /**
   * @param pods the pods of this node
   */
  public Advertising(
      String self,
      Endpoints endpoints,
      Admission admission,
      RoomThread thread,
      Supplier<Collection<Pod>> pods) {
    this.self = self;
    this.endpoints = endpoints;
    this.admission = admission;
    this.thread = thread;
    this.pods = pods;
  }

  /** Advertises all endpoints of the request, or none of them. */
  public Future<EndpointAdvertiseReply> onAdvertise(
      UnixPeer peer, EndpointAdvertiseRequest request) {
    admission.checkUser(peer);
    checkCount(request.getNetworkEndpointCount());
    if (endpoints.mine().size() + request.getNetworkEndpointCount() > MAX_ENDPOINTS) {
      throw Fault.EXHAUSTED.because("endpoints: more than " + MAX_ENDPOINTS + " on this node");
    }
    List<Endpoints.Advertised> all = new ArrayList<>();
    for (NetworkServiceEndpoint message : request.getNetworkEndpointList()) {
      Endpoint endpoint = Admission.endpoint(self, message);
      admission.checkMayAdvertise(peer, endpoint.service(), pods.get());
      checkOwner(peer, endpoint);
      all.add(new Endpoints.Advertised(endpoint, message.getSocketLocation(), peer.uid()));
    }
    return thread
        .blocking(
            () -> {
              all.forEach(a -> Endpoints.checkSocket(a.socket(), a.uid()));
              return null;
            })
        .compose(v -> Future.join(all.stream().map(endpoints::put).toList()))
        .map(v -> EndpointAdvertiseReply.newBuilder().setAccepted(true).build());
  }

  /** Removes the endpoints of the request; an unknown endpoint is success. */
  public Future<EndpointRemoveReply> onRemove(UnixPeer peer, EndpointRemoveRequest request) {
    admission.checkUser(peer);
    checkCount(request.getNetworkEndpointCount());
    List<Endpoint> all = new ArrayList<>();
    for (NetworkServiceEndpoint message : request.getNetworkEndpointList()) {
      Endpoint endpoint = Admission.endpoint(self, message);
      checkOwner(peer, endpoint);
      all.add(endpoint);
    }
    return Future.join(all.stream().map(e -> endpoints.remove(e.key(), "removed")).toList())
        .map(v -> EndpointRemoveReply.newBuilder().setAccepted(true).build());
  }

  /** Only root may change what another user advertised. */
  private void checkOwner(UnixPeer peer, Endpoint endpoint) {
    Optional<Endpoints.Advertised> there =
        endpoints.mine(endpoint.namespace(), endpoint.provider(), endpoint.service());
    if (there.isPresent() && peer.uid() != 0 && there.get().uid() != peer.uid()) {
      throw Fault.DENIED.because(
          "endpoint " + endpoint.name() + " was advertised by uid " + there.get().uid());
    }
  }

  private static void checkCount(int count) {
    if (count < 1 || count > MAX_PER_CALL) {
      throw Fault.invalid("network_endpoint", count + " of them", "1.." + MAX_PER_CALL);
    }
  }
}

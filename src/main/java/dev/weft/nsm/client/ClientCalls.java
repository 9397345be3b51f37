package dev.weft.nsm.client;

import dev.weft.bus.Fault;
import dev.weft.nsm.Calls;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.ClientRouting;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.NamespaceReferences;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.endpoint.Admission;
import dev.weft.nsm.proto.ConnectionReply;
import dev.weft.nsm.proto.ConnectionRequest;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomThread;
import dev.weft.rpc.UnixListener;
import dev.weft.rpc.UnixPeer;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;

/** Serves {@code nsmconnect.ClientConnection} on the pods' sockets. */
public final class ClientCalls {
  private final Map<PodRef, Pod> pods;
  private final List<String> lacking;
  private final Admission admission;
  private final Requests requests;
  private final RoomThread thread;

  /**
   * @param pods the pods of this node now
   * @param lacking capabilities that this process does not have
   */
  public ClientCalls(
      Map<PodRef, Pod> pods,
      List<String> lacking,
      Admission admission,
      Requests requests,
      RoomThread thread) {
    this.pods = pods;
    this.lacking = lacking;
    this.admission = admission;
    this.requests = requests;
    this.thread = thread;
  }

  public void serve(PodRef pod, UnixListener listener) {
    listener.serve(Calls.REQUEST, (peer, request) -> onRequest(pod, peer, request));
  }

  private Future<ConnectionReply> onRequest(PodRef ref, UnixPeer peer, ConnectionRequest request) {
    ClientPod pod = usable(ref);
    admission.checkClient(peer, pod);
    List<RequestedInterface> asked = RequestedInterface.of(request.getInterfaceList());
    ClientRouting routing =
        ClientRouting.of(request.getRouteMetric(), request.getExcludedPrefixList());
    String named = request.getLinuxNamespace();
    Future<Void> own =
        named.isEmpty()
            ? Future.succeededFuture()
            : thread.blocking(
                () -> {
                  NamespaceReferences.checkOwn(named, peer.pid(), pod);
                  return null;
                });
    return own.compose(
            v ->
                requests.request(
                    new ServiceRequest(
                        pod,
                        request.getRequestId(),
                        request.getNetworkServiceName(),
                        asked,
                        routing)))
        .map(entry -> Requests.reply(entry))
        .recover(
            e ->
                e instanceof Refused
                    ? Future.succeededFuture(
                        ConnectionReply.newBuilder().setAdmissionError(e.getMessage()).build())
                    : Future.failedFuture(e));
  }

  /** The same request, made by a room of this node for a pod. */
  public Future<ConnectionEntry> connect(PodRef pod, String service, String requestId) {
    return requests
        .request(
            new ServiceRequest(usable(pod), requestId, service, List.of(), ClientRouting.DEFAULT))
        .recover(
            e ->
                Future.failedFuture(
                    e instanceof Refused ? Fault.UNAVAILABLE.because(e.getMessage()) : e));
  }

  /**
   * A pod of this node as a client; NOT_FOUND or PRECONDITION for one that cannot be, UNAVAILABLE
   * if this node can serve none.
   */
  public ClientPod usable(PodRef ref) {
    if (!lacking.isEmpty()) {
      throw Fault.UNAVAILABLE.because("this node lacks " + String.join(", ", lacking));
    }
    Pod pod = pods.get(ref);
    if (pod == null) {
      throw Fault.NOT_FOUND.because("pod " + ref + ": not registered on this node");
    }
    return ClientPod.of(pod);
  }
}

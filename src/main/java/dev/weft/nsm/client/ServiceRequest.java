package dev.weft.nsm.client;

import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.RequestedInterface;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client's request for a service.
 *
 * @param asked interface types, as the client wrote them
 * @param endpointNanos how long endpoints of this node took to answer, ns; grows meanwhile
 */
record ServiceRequest(
    ClientPod pod,
    String requestId,
    String service,
    List<RequestedInterface> asked,
    AtomicLong endpointNanos) {
  ServiceRequest(ClientPod pod, String requestId, String service, List<RequestedInterface> asked) {
    this(pod, requestId, service, asked, new AtomicLong());
  }
}

package dev.weft.nsm.client;

import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.ClientRouting;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.RequestedInterface;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client's request for a service.
 *
 * @param asked interface types, as the client wrote them
 * @param routing how the pod is to reach what the service offers
 * @param endpointNanos how long endpoints of this node took to answer, ns; grows meanwhile
 */
record ServiceRequest(
    ClientPod pod,
    String requestId,
    String service,
    List<RequestedInterface> asked,
    ClientRouting routing,
    AtomicLong endpointNanos) {
  ServiceRequest(
      ClientPod pod,
      String requestId,
      String service,
      List<RequestedInterface> asked,
      ClientRouting routing) {
    this(pod, requestId, service, asked, routing, new AtomicLong());
  }

  /** Whether it asks for what a connection was made for. */
  boolean isFor(Connection c) {
    return c.asked().equals(asked) && c.client().routing().asksFor(routing);
  }
}

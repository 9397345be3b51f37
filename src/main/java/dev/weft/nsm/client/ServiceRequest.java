package dev.weft.nsm.client;

import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.ClientRouting;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.RequestedInterface;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client's request for a service.
 *
 * @param asked interface types, as the client wrote them
 * @param routing how the pod is to reach what the service offers
 * @param hop the place in a chain of services; null for a service of its own
 * @param endpointNanos how long endpoints of this node took to answer, ns; grows meanwhile
 */
record ServiceRequest(
    ClientPod pod,
    String requestId,
    String service,
    List<RequestedInterface> asked,
    ClientRouting routing,
    ChainHop hop,
    AtomicLong endpointNanos) {
  ServiceRequest(
      ClientPod pod,
      String requestId,
      String service,
      List<RequestedInterface> asked,
      ClientRouting routing) {
    this(pod, requestId, service, asked, routing, null, new AtomicLong());
  }

  /** The same in that place of a chain. */
  ServiceRequest at(ChainHop place) {
    return new ServiceRequest(pod, requestId, service, asked, routing, place, endpointNanos);
  }

  /** The service that an endpoint is to provide. */
  String wanted() {
    return hop == null ? service : hop.here();
  }

  /** What it is known by. Hops on the way of others' requests have ids that are none of theirs. */
  Connections.Key key() {
    return new Connections.Key(
        pod.ref(), hop == null || hop.isFirst() ? requestId : hop.root(), service);
  }

  /** Whether it asks for what a connection was made for. */
  boolean isFor(Connection c) {
    List<String> via = hop == null ? List.of() : hop.via();
    return c.asked().equals(asked)
        && c.client().routing().asksFor(routing)
        && via.equals(c.hop() == null ? List.of() : c.hop().via());
  }
}

package dev.weft.nsm.client;

import dev.weft.bus.Fault;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.endpoint.Chains;
import dev.weft.nsm.endpoint.Endpoints;
import java.util.List;

/** Finds out which services a client that asks for a chain is led over. */
public final class ChainResolver {
  private final Chains chains;
  private final Endpoints endpoints;

  public ChainResolver(Chains chains, Endpoints endpoints) {
    this.chains = chains;
    this.endpoints = endpoints;
  }

  /** The request, for the first hop if it is for a chain; INVALID for one that leads in a loop. */
  ServiceRequest resolve(ServiceRequest request) {
    if (request.hop() != null) {
      return request;
    }
    List<String> way = chains.way(request.service());
    return way.isEmpty() ? request : request.at(ChainHop.first(request.service(), way));
  }

  /** NOT_FOUND if nobody provides one of the services on the way. */
  void check(ServiceRequest request) {
    ChainHop hop = request.hop();
    if (hop == null || !hop.isFirst()) {
      return;
    }
    for (int number = 1; number <= hop.via().size(); number++) {
      if (endpoints.of(hop.via().get(number - 1)).isEmpty()) {
        throw Fault.NOT_FOUND.because(
            "service %s: %s: nobody advertises it"
                .formatted(hop.service(), ChainHop.label(number, hop.via())));
      }
    }
  }
}

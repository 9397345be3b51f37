package dev.weft.nsm.endpoint;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.connection.NamespaceCache;
import dev.weft.nsm.connection.PendingConnection;
import io.vertx.core.Future;
import java.util.List;

/** An endpoint of this node. */
public final class LocalTarget {
  private final Endpoints endpoints;
  private final EndpointClient asker;
  private final NamespaceCache views;
  private final Connections connections;
  private final int mtu;

  /**
   * @param mtu of veth pairs, bytes
   */
  public LocalTarget(
      Endpoints endpoints,
      EndpointClient asker,
      NamespaceCache views,
      Connections connections,
      int mtu) {
    this.endpoints = endpoints;
    this.asker = asker;
    this.views = views;
    this.connections = connections;
    this.mtu = mtu;
  }

  /** Asks it; the connection is agreed and nothing of it stands. */
  public Future<Connection> agree(PendingConnection draft, CandidatePlanner.Candidate candidate) {
    Endpoint e = candidate.endpoint();
    Endpoints.Advertised endpoint =
        endpoints
            .mine(e.namespace(), e.provider(), e.service())
            .orElseThrow(() -> Fault.NOT_FOUND.because("it was removed meanwhile"));
    return asker
        .ask(endpoint, draft.requestId(), draft.answered())
        .compose(
            spot ->
                free(draft.id(), spot, draft.prefixes())
                    .map(
                        prefix ->
                            draft.joined(
                                candidate.agreed(),
                                new Connection.Target(
                                    e.node(),
                                    e.namespace(),
                                    e.provider(),
                                    spot.netns(),
                                    spot.identity(),
                                    null,
                                    Names.endpointInterface(draft.id())),
                                new Connection.Link(
                                    Mechanism.VETH,
                                    prefix.toString(),
                                    spot.routes(),
                                    mtu,
                                    0,
                                    null,
                                    null))));
  }

  /** Something was taken away there. */
  public void changed(String netns) {
    views.forget(netns);
  }

  /** The first of the proposed prefixes that the endpoint's namespace does not know. */
  public Future<Cidr> free(String connectionId, EndpointAttachment spot, List<Cidr> proposed) {
    return views
        .of(spot.netns())
        .map(
            view ->
                proposed.stream()
                    .filter(p -> !view.collides(p))
                    .filter(p -> !connections.usesIn(spot.identity(), p, connectionId))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            Fault.CONFLICT.because(
                                "addresses: "
                                    + proposed
                                    + " are in use in the endpoint's namespace")));
  }
}

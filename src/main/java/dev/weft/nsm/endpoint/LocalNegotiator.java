package dev.weft.nsm.endpoint;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Block;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.connection.NamespaceCache;
import dev.weft.nsm.connection.PendingConnection;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;

/** Agrees with an endpoint of this node. */
public final class LocalNegotiator implements Negotiator {
  private final Endpoints endpoints;
  private final EndpointClient client;
  private final NamespaceCache namespaces;
  private final Connections connections;
  private final int mtu;

  /**
   * @param mtu of veth pairs, bytes
   */
  public LocalNegotiator(
      Endpoints endpoints,
      EndpointClient client,
      NamespaceCache namespaces,
      Connections connections,
      int mtu) {
    this.endpoints = endpoints;
    this.client = client;
    this.namespaces = namespaces;
    this.connections = connections;
    this.mtu = mtu;
  }

  @Override
  public Future<Connection> agree(PendingConnection pending, CandidatePlanner.Candidate candidate) {
    Endpoint e = candidate.endpoint();
    long asked = System.nanoTime();
    return ask(e, pending.requestId(), pending.hop())
        .onComplete(done -> pending.endpointNanos().addAndGet(System.nanoTime() - asked))
        .map(attachment -> elsewhere(pending, attachment))
        .compose(
            attachment ->
                free(
                        pending.id(),
                        attachment,
                        pending.prefixes(),
                        pending.six() && mtu >= Block.LEAST_MTU_6)
                    .map(
                        block ->
                            pending.joined(
                                candidate.agreed(),
                                new Connection.Target(
                                    e.node(),
                                    e.namespace(),
                                    e.provider(),
                                    attachment.netns(),
                                    attachment.identity(),
                                    null,
                                    Names.endpointInterface(pending.id())),
                                new Connection.Link(
                                    Mechanism.VETH,
                                    block.four().toString(),
                                    block.sixOrNull(),
                                    attachment.routes(),
                                    mtu,
                                    0,
                                    null,
                                    null))));
  }

  /** A chain that came back into the pod of the hop before would lead through it for ever. */
  private static EndpointAttachment elsewhere(
      PendingConnection pending, EndpointAttachment attachment) {
    if (pending.hop() != null && attachment.identity() == pending.client().identity()) {
      throw Fault.UNAVAILABLE.because("it is in the pod of the hop before");
    }
    return attachment;
  }

  /**
   * Where the endpoint wants a connection.
   *
   * @param hop the connection's place in a chain of services; null for a service of its own
   */
  public Future<EndpointAttachment> ask(Endpoint endpoint, String requestId, ChainHop hop) {
    return client.ask(
        endpoints
            .mine(endpoint.namespace(), endpoint.provider(), endpoint.service())
            .orElseThrow(() -> Fault.NOT_FOUND.because("it was removed meanwhile")),
        requestId,
        hop);
  }

  /** An endpoint of this node; any one of the service for an empty provider. */
  public Optional<Endpoint> find(String namespace, String provider, String service) {
    Optional<Endpoints.Advertised> found =
        provider.isEmpty() ? endpoints.mine(service) : endpoints.mine(namespace, provider, service);
    return found.map(Endpoints.Advertised::endpoint);
  }

  /**
   * The first of the proposed prefixes that the endpoint's namespace does not know.
   *
   * @param six whether it is to have IPv6 addresses too, where the endpoint's namespace can
   */
  public Future<Block> free(
      String connectionId, EndpointAttachment attachment, List<Cidr> proposed, boolean six) {
    return namespaces
        .of(attachment.netns())
        .map(
            view ->
                proposed.stream()
                    .map(p -> new Block(p, beside(p, six && view.six())))
                    .filter(
                        b -> !view.collides(b.four()) && b.six().stream().noneMatch(view::collides))
                    .filter(b -> !connections.usesIn(attachment.identity(), b.four(), connectionId))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            Fault.CONFLICT.because(
                                "addresses: "
                                    + proposed
                                    + " are in use in the endpoint's namespace")));
  }

  private Optional<Cidr> beside(Cidr prefix, boolean six) {
    return six ? connections.addresses().beside(prefix) : Optional.empty();
  }
}

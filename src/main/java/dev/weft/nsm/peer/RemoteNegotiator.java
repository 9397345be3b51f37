package dev.weft.nsm.peer;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionAddresses;
import dev.weft.nsm.connection.PendingConnection;
import dev.weft.nsm.connection.Tunnels;
import dev.weft.nsm.endpoint.CandidatePlanner;
import dev.weft.nsm.endpoint.Externals;
import dev.weft.nsm.endpoint.Negotiator;
import dev.weft.nsm.endpoint.RouteLimits;
import dev.weft.nsm.proto.ProxyConnectionReply;
import dev.weft.nsm.proto.ProxyConnectionRequest;
import dev.weft.nsm.proto.TunnelType;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Agrees with the node of an endpoint, which asks the endpoint on the client's behalf. */
public final class RemoteNegotiator implements Negotiator {
  private final PeerClient peers;
  private final Tunnels tunnels;
  private final Externals externals;
  private final Clock clock;
  private final RouteLimits limits;
  private final ConnectionAddresses addresses;
  private final int mtu;

  /**
   * @param mtu of wires, bytes
   */
  public RemoteNegotiator(
      PeerClient peers,
      Tunnels tunnels,
      Externals externals,
      Clock clock,
      RouteLimits limits,
      ConnectionAddresses addresses,
      int mtu) {
    this.peers = peers;
    this.tunnels = tunnels;
    this.externals = externals;
    this.clock = clock;
    this.limits = limits;
    this.addresses = addresses;
    this.mtu = mtu;
  }

  /** Asks the endpoint's node; once it agreed, the endpoint's half stands. */
  @Override
  public Future<Connection> agree(PendingConnection pending, CandidatePlanner.Candidate candidate) {
    Endpoint e = candidate.endpoint();
    boolean external = Externals.provides(e);
    List<TunnelType> offered = tunnels.towards(e.node(), external, clock.instant());
    ProxyConnectionRequest.Builder request =
        ProxyConnectionRequest.newBuilder()
            .setRequestId(pending.requestId())
            .setNetworkServiceName(e.service())
            .setNseProviderName(external ? "" : e.provider())
            .setNseProviderNamespace(external ? "" : e.namespace())
            .addAllTunnelType(offered)
            .setConnectionId(pending.id())
            .setClientPod(pending.client().pod().toString())
            .setClientInterface(pending.client().intf())
            .setMtu(mtu)
            .setServePort(external ? externals.servePort() : 0);
    pending.prefixes().forEach(p -> request.addPrefix(p.toString()));
    if (pending.hop() != null && !external) {
      request.setComposition(pending.hop().message());
    }
    addresses.six().filter(all -> pending.six()).ifPresent(all -> request.setCidr6(all.toString()));
    if (offered.contains(TunnelType.VXLAN)) {
      request.setVni(tunnels.freeVni()).setUnderlay(tunnels.address().orElseThrow());
    }
    return ask(e.node(), request)
        .compose(reply -> askForLess(e.node(), request, reply))
        .compose(
            reply -> {
              try {
                return Future.succeededFuture(
                    connection(pending, candidate, request.build(), reply));
              } catch (WeftException | IllegalArgumentException bad) {
                return peers
                    .end(e.node(), pending.id(), "its answer does not fit", false)
                    .compose(v -> Future.failedFuture(WeftException.of(bad)));
              }
            });
  }

  private Future<ProxyConnectionReply> ask(String node, ProxyConnectionRequest.Builder request) {
    return peers
        .proxy(node, request.build())
        .map(
            reply -> {
              if (!reply.getAccepted()) {
                throw Fault.UNAVAILABLE.because(reply.getAdmissionError());
              }
              return reply;
            });
  }

  /** Asks again where this node's underlay leaves a VXLAN less than the other node's. */
  private Future<ProxyConnectionReply> askForLess(
      String node, ProxyConnectionRequest.Builder request, ProxyConnectionReply reply) {
    if (reply.getTunnel().getType() != TunnelType.VXLAN
        || !Tunnels.isAddress(reply.getUnderlay())) {
      return Future.succeededFuture(reply);
    }
    return tunnels
        .vxlanMtu(reply.getUnderlay())
        .compose(
            most ->
                most < reply.getMtu()
                    ? ask(node, request.setMtu(most))
                    : Future.succeededFuture(reply));
  }

  private Connection connection(
      PendingConnection pending,
      CandidatePlanner.Candidate candidate,
      ProxyConnectionRequest asked,
      ProxyConnectionReply reply) {
    TunnelType tunnel = reply.getTunnel().getType();
    if (!asked.getTunnelTypeList().contains(tunnel)) {
      throw Fault.invalid("tunnel", tunnel, "one of " + asked.getTunnelTypeList());
    }
    Cidr prefix = Cidr.parse(reply.getPrefix());
    if (!pending.prefixes().contains(prefix)) {
      throw Fault.invalid("prefix", prefix, "one of " + pending.prefixes());
    }
    Optional<Cidr> beside = pending.six() ? addresses.beside(prefix) : Optional.empty();
    String prefix6 = reply.getPrefix6();
    if (!prefix6.isEmpty() && beside.filter(p -> p.toString().equals(prefix6)).isEmpty()) {
      throw Fault.invalid("prefix6", prefix6, beside.map(Cidr::toString).orElse("none"));
    }
    List<String> routes =
        limits.check(
            candidate.endpoint().service(),
            Stream.concat(reply.getRouteList().stream(), reply.getRoute6List().stream()).toList());
    boolean vxlan = tunnel == TunnelType.VXLAN;
    if (vxlan && !Tunnels.isAddress(reply.getUnderlay())) {
      throw Fault.invalid("underlay", reply.getUnderlay(), "an IP address");
    }
    Endpoint e = candidate.endpoint();
    return pending.joined(
        candidate.agreed(),
        new Connection.Target(
            e.node(),
            e.namespace(),
            e.provider(),
            null,
            0,
            PodRef.parse(reply.getEndpointPod()),
            reply.getEndpointInterface()),
        new Connection.Link(
            vxlan ? Mechanism.VXLAN : Mechanism.WIRE,
            prefix.toString(),
            prefix6.isEmpty() ? null : prefix6,
            routes,
            vxlan ? Math.min(asked.getMtu(), reply.getMtu()) : asked.getMtu(),
            vxlan ? asked.getVni() : 0,
            vxlan ? asked.getUnderlay() : null,
            vxlan ? reply.getUnderlay() : Externals.provides(e) ? e.provider() : null));
  }
}

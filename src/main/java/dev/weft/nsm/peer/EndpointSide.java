package dev.weft.nsm.peer;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Block;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.connection.ClientRouting;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.connection.Tunnels;
import dev.weft.nsm.endpoint.EndpointAttachment;
import dev.weft.nsm.endpoint.EndpointPods;
import dev.weft.nsm.endpoint.Externals;
import dev.weft.nsm.endpoint.LocalNegotiator;
import dev.weft.nsm.proto.Composition;
import dev.weft.nsm.proto.ProxyConnectionReply;
import dev.weft.nsm.proto.ProxyConnectionRequest;
import dev.weft.nsm.proto.Tunnel;
import dev.weft.nsm.proto.TunnelType;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomContext;
import dev.weft.rpc.Caller;
import dev.weft.wire.WireSpec;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Provides endpoints of this node to clients of other nodes: the endpoint's half. */
public final class EndpointSide {
  private static final int MAX_PROPOSALS = 16;

  /** The most connections that one node of another mesh may have. */
  private static final int MAX_EXTERNAL = 4096;

  private final RoomContext room;
  private final Cidr cidr;
  private final Externals externals;
  private final Connections connections;
  private final LocalNegotiator local;
  private final Tunnels tunnels;
  private final EndpointPods pods;
  private final Halves halves;

  /** By connection id the last request, while it is in progress. */
  private final Map<String, Asked> inProgress = new HashMap<>();

  private long requests;

  /**
   * A request of a client's node.
   *
   * @param number of the request on this node
   */
  private record Asked(long number, String node, String endpoint) {}

  public EndpointSide(
      RoomContext room,
      Cidr cidr,
      Externals externals,
      Connections connections,
      LocalNegotiator local,
      Tunnels tunnels,
      EndpointPods pods,
      Halves halves) {
    this.room = room;
    this.cidr = cidr;
    this.externals = externals;
    this.connections = connections;
    this.local = local;
    this.tunnels = tunnels;
    this.pods = pods;
    this.halves = halves;
  }

  /**
   * Asks the endpoint and creates this node's half of the connection. A repeated request gets the
   * same answer; the same connection id with another endpoint replaces the half.
   */
  public Future<ProxyConnectionReply> onProxy(Caller caller, ProxyConnectionRequest request) {
    String id = Names.connectionId(request.getConnectionId());
    Names.requestId(request.getRequestId());
    Names.name("network_service_name", request.getNetworkServiceName());
    WireSpec.checkMtu(request.getMtu());
    Names.interfaceName("client_interface", request.getClientInterface());
    Names.pod("client_pod", request.getClientPod());
    proposed(request.getPrefixList());
    if (request.hasComposition()) {
      Names.composition(request.getComposition());
      checkFirst(caller, request.getComposition());
    }
    if (caller.external()) {
      checkExternal(caller, request);
    }
    Optional<ConnectionEntry> known = connections.find(id);
    if (known.isPresent() && !isHalfOf(known.get().connection(), caller.node())) {
      throw Fault.DENIED.because("connection " + id + " is not of " + caller);
    }
    String endpoint = request.getNseProviderNamespace() + "/" + request.getNseProviderName();
    Asked asked = new Asked(++requests, caller.node(), endpoint);
    Asked before = inProgress.get(id);
    // A client's node that gave up on an endpoint that hangs may ask for another one.
    if (before != null
        && (!before.node().equals(asked.node()) || before.endpoint().equals(endpoint))) {
      throw Fault.CONFLICT.because("connection " + id + ": in progress (retry)");
    }
    if (known.isPresent()
        && known.get().life().stands()
        && fits(known.get().connection(), request)) {
      return Future.succeededFuture(reply(known.get().connection()));
    }
    inProgress.put(id, asked);
    return known
        .map(h -> halves.end(h, "the client's node asked anew"))
        .orElse(Future.succeededFuture())
        .compose(v -> provide(caller, request, asked))
        .onComplete(done -> inProgress.remove(id, asked));
  }

  /** A chain is its client's node's. */
  private static void checkFirst(Caller caller, Composition composition) {
    if (composition.getHop() == 1 && !composition.getNode().equals(caller.node())) {
      throw Fault.DENIED.because(
          "composition.node: " + composition.getNode() + " (expected: " + caller.node() + ")");
    }
  }

  private void checkExternal(Caller caller, ProxyConnectionRequest request) {
    externals.checkMayAsk(caller, request.getNetworkServiceName());
    int port = request.getServePort();
    if (port < 1 || port > 65535) {
      throw Fault.invalid("serve_port", port, "1..65535, where " + caller + " can be called back");
    }
    if (connections.where(c -> c.clientAt(caller.node())).size() >= MAX_EXTERNAL) {
      throw Fault.EXHAUSTED.because(
          caller + ": " + MAX_EXTERNAL + " connections (expected: fewer)");
    }
  }

  public boolean isInProgress(String id) {
    return inProgress.containsKey(id);
  }

  private boolean isHalfOf(Connection c, String clientNode) {
    return c.clientAt(clientNode) && c.endpointAt(room.self());
  }

  private static boolean fits(Connection c, ProxyConnectionRequest request) {
    boolean any = request.getNseProviderName().isEmpty();
    return c.service().equals(request.getNetworkServiceName())
        && (any || c.endpoint().provider().equals(request.getNseProviderName()))
        && (any || c.endpoint().namespace().equals(request.getNseProviderNamespace()))
        && c.client().intf().equals(request.getClientInterface())
        && c.link().mtu() <= request.getMtu()
        && request.getPrefixList().contains(c.link().prefix());
  }

  private Future<ProxyConnectionReply> provide(
      Caller caller, ProxyConnectionRequest request, Asked asked) {
    String service = request.getNetworkServiceName();
    String provider = request.getNseProviderName();
    Optional<Endpoint> endpoint = local.find(request.getNseProviderNamespace(), provider, service);
    if (endpoint.isEmpty()) {
      throw Fault.NOT_FOUND.because(
          "endpoint " + provider + " of service " + service + ": not advertised on this node");
    }
    List<TunnelType> here = tunnels.tunnels(caller.external());
    List<TunnelType> common = request.getTunnelTypeList().stream().filter(here::contains).toList();
    if (common.isEmpty()) {
      return refused(
          "tunnel: "
              + asked(request.getTunnelTypeValueList())
              + " (expected: "
              + names(here)
              + ")");
    }
    Optional<TunnelType> tunnel =
        common.stream()
            .filter(t -> t != TunnelType.VXLAN || Tunnels.isAddress(request.getUnderlay()))
            .findFirst();
    if (tunnel.isEmpty()) {
      return refused(
          "underlay: \"%s\" (expected: an IP address, for a VXLAN)"
              .formatted(request.getUnderlay()));
    }
    Wanted wanted = new Wanted(caller, request, endpoint.get(), tunnel.get());
    List<Cidr> proposed = proposed(request.getPrefixList());
    return mtu(wanted)
        .compose(mtu -> ask(wanted, proposed, mtu, asked))
        .recover(e -> refused(WeftException.of(e).getMessage()));
  }

  /** What a client's node gets: this endpoint over this tunnel. */
  private record Wanted(
      Caller caller, ProxyConnectionRequest request, Endpoint endpoint, TunnelType tunnel) {}

  /** Of a VXLAN no more than both nodes' underlays leave, bytes. */
  private Future<Integer> mtu(Wanted wanted) {
    ProxyConnectionRequest request = wanted.request();
    return wanted.tunnel() == TunnelType.VXLAN
        ? tunnels.vxlanMtu(request.getUnderlay()).map(most -> Math.min(request.getMtu(), most))
        : Future.succeededFuture(request.getMtu());
  }

  private Future<ProxyConnectionReply> ask(
      Wanted wanted, List<Cidr> proposed, int mtu, Asked asked) {
    ProxyConnectionRequest request = wanted.request();
    boolean six =
        mtu >= Block.LEAST_MTU_6
            && connections
                .addresses()
                .six()
                .filter(network -> network.toString().equals(request.getCidr6()))
                .isPresent();
    return local
        .ask(
            wanted.endpoint(),
            request.getRequestId(),
            request.hasComposition() ? ChainHop.of(request.getComposition()) : null)
        .compose(
            attachment ->
                local
                    .free(request.getConnectionId(), attachment, proposed, six)
                    .compose(
                        block ->
                            pods.with(
                                attachment,
                                pod ->
                                    establish(half(wanted, attachment, pod, block, mtu), asked))));
  }

  private Connection half(
      Wanted wanted, EndpointAttachment attachment, PodRef pod, Block block, int mtu) {
    ProxyConnectionRequest request = wanted.request();
    Endpoint endpoint = wanted.endpoint();
    boolean vxlan = wanted.tunnel() == TunnelType.VXLAN;
    return new Connection(
        request.getConnectionId(),
        request.getRequestId(),
        endpoint.service(),
        null,
        null,
        room.clock().instant(),
        new Connection.Client(
            wanted.caller().node(),
            PodRef.parse(request.getClientPod()),
            null,
            0,
            request.getClientInterface(),
            ClientRouting.DEFAULT),
        new Connection.Target(
            room.self(),
            endpoint.namespace(),
            endpoint.provider(),
            attachment.netns(),
            attachment.identity(),
            pod,
            Names.endpointInterface(request.getConnectionId())),
        new Connection.Link(
            vxlan ? Mechanism.VXLAN : Mechanism.WIRE,
            block.four().toString(),
            block.sixOrNull(),
            attachment.routes(),
            mtu,
            vxlan ? request.getVni() : 0,
            vxlan ? tunnels.address().orElseThrow() : null,
            vxlan ? request.getUnderlay() : calledBackAt(wanted.caller(), request)),
        request.hasComposition() ? ChainHop.of(request.getComposition()) : null);
  }

  private static String calledBackAt(Caller caller, ProxyConnectionRequest request) {
    return caller.external()
        ? new HostPort(caller.address(), request.getServePort()).toString()
        : null;
  }

  private Future<ProxyConnectionReply> establish(Connection c, Asked asked) {
    if (!asked.equals(inProgress.get(c.id()))) {
      throw Fault.CONFLICT.because("the client's node asked for another endpoint meanwhile");
    }
    externals.remember(c, room.self());
    ConnectionEntry entry = connections.enter(c);
    return halves.establish(entry, connections.keep(entry)).map(v -> reply(c));
  }

  /** The proposed prefixes; INVALID unless each is a /30 of nsm.cidr. */
  private List<Cidr> proposed(List<String> texts) {
    if (texts.isEmpty() || texts.size() > MAX_PROPOSALS) {
      throw Fault.invalid("prefix", texts.size() + " of them", "1.." + MAX_PROPOSALS);
    }
    return texts.stream()
        .map(
            text -> {
              Cidr prefix =
                  Cidr.find(text)
                      .orElseThrow(() -> Fault.invalid("prefix", text, "a /30 of " + cidr));
              if (prefix.prefixLength() != 30 || !prefix.isNetwork() || !cidr.contains(prefix)) {
                throw Fault.invalid(
                    "prefix", prefix, "a /30 of " + cidr + ", as nsm.cidr says here");
              }
              return prefix;
            })
        .toList();
  }

  private static ProxyConnectionReply reply(Connection c) {
    boolean vxlan = c.link().carrier() == Mechanism.VXLAN;
    ProxyConnectionReply.Builder reply =
        ProxyConnectionReply.newBuilder()
            .setAccepted(true)
            .setTunnel(
                Tunnel.newBuilder().setType(vxlan ? TunnelType.VXLAN : TunnelType.DEFAULT_TUNNEL))
            .setPrefix(c.link().prefix())
            .setEndpointPod(c.endpoint().pod().toString())
            .setEndpointInterface(c.endpoint().intf())
            .addAllRoute(routes(c, 32))
            .addAllRoute6(routes(c, 128))
            .setMtu(c.link().mtu());
    if (vxlan) {
      reply.setUnderlay(c.link().here());
    }
    c.prefix6().ifPresent(prefix -> reply.setPrefix6(prefix.toString()));
    return reply.build();
  }

  private static List<String> routes(Connection c, int bits) {
    return c.link().routes().stream().filter(r -> Cidr.parse(r).bits() == bits).toList();
  }

  private static Future<ProxyConnectionReply> refused(String admissionError) {
    return Future.succeededFuture(
        ProxyConnectionReply.newBuilder().setAdmissionError(admissionError).build());
  }

  private static String asked(List<Integer> tunnels) {
    return tunnels.isEmpty()
        ? "none"
        : tunnels.stream()
            .map(
                number -> {
                  TunnelType known = TunnelType.forNumber(number);
                  return known == null ? "type " + number : known.name();
                })
            .collect(Collectors.joining(", "));
  }

  private static String names(List<TunnelType> tunnels) {
    return tunnels.isEmpty()
        ? "none"
        : tunnels.stream().map(Enum::name).collect(Collectors.joining(", "));
  }
}

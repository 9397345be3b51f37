package dev.weft.nsm;

import dev.weft.address.Cidr;
import dev.weft.config.NsmConfig;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Ways;
import dev.weft.linux.Capabilities;
import dev.weft.net.NodeLinks;
import dev.weft.nsm.client.ChainResolver;
import dev.weft.nsm.client.ChainRunner;
import dev.weft.nsm.client.ClientCalls;
import dev.weft.nsm.client.ClientSockets;
import dev.weft.nsm.client.ConnectionMonitor;
import dev.weft.nsm.client.ConnectionWatch;
import dev.weft.nsm.client.Connector;
import dev.weft.nsm.client.Healer;
import dev.weft.nsm.client.HopReports;
import dev.weft.nsm.client.Hops;
import dev.weft.nsm.client.PathWatch;
import dev.weft.nsm.client.Requests;
import dev.weft.nsm.connection.ChainRoutes;
import dev.weft.nsm.connection.ConnectionAddresses;
import dev.weft.nsm.connection.ConnectionMeters;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.KernelLinks;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.connection.NamespaceCache;
import dev.weft.nsm.connection.Tunnels;
import dev.weft.nsm.endpoint.Admission;
import dev.weft.nsm.endpoint.Advertising;
import dev.weft.nsm.endpoint.Chains;
import dev.weft.nsm.endpoint.EndpointClient;
import dev.weft.nsm.endpoint.EndpointPods;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.nsm.endpoint.Externals;
import dev.weft.nsm.endpoint.LocalNegotiator;
import dev.weft.nsm.endpoint.RouteLimits;
import dev.weft.nsm.peer.EndpointSide;
import dev.weft.nsm.peer.Halves;
import dev.weft.nsm.peer.HopPeers;
import dev.weft.nsm.peer.LeaseExchange;
import dev.weft.nsm.peer.PeerClient;
import dev.weft.nsm.peer.PeerServer;
import dev.weft.nsm.peer.RemoteNegotiator;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.rpc.UnixClient;
import dev.weft.rpc.UnixProbe;
import dev.weft.wire.Wires;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Creates the parts of the room and gives each the parts that it uses. */
final class NsmParts {
  /** A program that runs answers in a millisecond, on a host that is busy in a second. */
  private static final Duration PROBE = Duration.ofSeconds(3);

  /** Names of the capabilities that this process lacks. */
  final List<String> lacking;

  /** The pods of this node now. */
  final Map<PodRef, Pod> pods = new HashMap<>();

  final KernelLinks kernel;
  final Connections connections;
  final Externals externals;
  final Endpoints endpoints;
  final Chains chains;
  final Hops hops;
  final HopReports hopReports;
  final Advertising advertising;
  final ClientCalls clients;
  final ClientSockets sockets;
  final PeerClient peers;
  final PeerServer peerServer;
  final LeaseExchange leases;
  final Halves halves;
  final Healer healer;
  final PathWatch paths;
  final ConnectionWatch watch;
  final ConnectionMeters connectionMeters;
  private final UnixClient unixClient;
  private final UnixProbe probe;

  NsmParts(
      Vertx vertx,
      RoomContext room,
      RoomThread thread,
      NsmConfig config,
      WiresConfig wires,
      List<Cidr> subnets,
      Ways ways,
      NodeLinks links)
      throws IOException {
    lacking = NsmNeeds.CAPABILITIES.lacking(Capabilities.effective());
    String self = room.self();
    MeterRegistry meters = room.metrics().registry();
    kernel = new KernelLinks(links, config.cidr6().isPresent());
    unixClient = new UnixClient(vertx);
    peers = new PeerClient(ways.dial(), thread);

    ConnectionAddresses addresses =
        new ConnectionAddresses(config.cidr(), config.cidr6(), Long.parseUnsignedLong(self, 16));
    connections = new Connections(room, addresses);
    NamespaceCache namespaces = new NamespaceCache(kernel);
    Mechanisms mechanisms = new Mechanisms(self, room.bus().proxy(Wires.class), kernel);
    Tunnels tunnels = new Tunnels(room.cluster(), config, links);

    externals = new Externals(config.externals(), ways.external(), room.health(), room.clock());
    endpoints = new Endpoints(room, externals, unixClient::forget);
    chains = new Chains(config.chains(), room.cluster().common("chains"));
    Admission admission = new Admission(config);
    RouteLimits limits = new RouteLimits(config, subnets);
    advertising = new Advertising(self, endpoints, admission, thread, pods::values);
    EndpointPods endpointPods =
        new EndpointPods(self, thread, room.bus().proxy(Pods.class), connections);
    LocalNegotiator local =
        new LocalNegotiator(
            endpoints,
            new EndpointClient(unixClient, thread, pods::values, admission, limits, meters),
            namespaces,
            connections,
            wires.mtu());

    halves = new Halves(self, thread, connections, mechanisms, namespaces, endpointPods, peers);
    RemoteNegotiator remote =
        new RemoteNegotiator(
            peers, tunnels, externals, room.clock(), limits, addresses, wires.mtu());
    Connector connector =
        new Connector(
            room, thread, endpoints, connections, namespaces, mechanisms, local, remote, halves);
    healer = new Healer(room, vertx, config.heal(), connections, connector, mechanisms, halves);
    paths =
        new PathWatch(
            room, vertx, thread, config.probe(), connections, endpoints, healer, peers, tunnels);
    probe = new UnixProbe(vertx, PROBE);
    watch =
        new ConnectionWatch(
            room, thread, pods, endpoints, connections, mechanisms, healer, paths, probe);
    Requests requests =
        new Requests(
            thread, connections, new ChainResolver(chains, endpoints), connector, halves, meters);
    clients = new ClientCalls(pods, lacking, admission, requests, thread);
    ChainRoutes routes = new ChainRoutes(links.thread(), self);
    HopPeers hopPeers = new HopPeers(self, ways.dial(), thread);
    ChainRunner runner =
        new ChainRunner(room, vertx, config.heal(), connections, halves, hopPeers, limits, routes);
    hops = new Hops(self, connections, requests, halves, endpointPods, limits, routes, runner);
    hopPeers.answer(hops);
    hopReports = new HopReports(self, connections, endpoints, halves, hopPeers, room.clock());
    ConnectionMonitor monitor =
        new ConnectionMonitor(self, connections, halves, admission, clients::usable);
    sockets =
        new ClientSockets(
            vertx,
            config.sockets(),
            (pod, listener) -> {
              clients.serve(pod, listener);
              monitor.serve(pod, listener);
            });

    leases = new LeaseExchange(self, connections, peers, room.clock());
    EndpointSide endpointSide =
        new EndpointSide(
            room, config.cidr(), externals, connections, local, tunnels, endpointPods, halves);
    peerServer =
        new PeerServer(thread, self, connections, endpointSide, leases, healer::onEnded, externals);

    connectionMeters = new ConnectionMeters(meters, connections, room.clock());
    connections.onChange(connectionMeters::changed);
    connections.onChain(connectionMeters::chainChanged);
    Gauge.builder("weft_nsm_endpoints", endpoints, e -> e.mine().size())
        .description("Endpoints advertised on this node")
        .register(meters);
    Gauge.builder("weft_nsm_addresses", addresses, ConnectionAddresses::used)
        .description("Blocks of nsm.cidr in use on this node")
        .register(meters);
  }

  Future<Void> close() {
    return Future.join(unixClient.close(), probe.close(), paths.close()).mapEmpty();
  }
}

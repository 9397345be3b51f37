package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Bus;
import dev.weft.mesh.Mesh;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.NetworkServices;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.proxy.AppProxies;
import dev.weft.subnet.Subnets;
import dev.weft.topology.LinkStatus;
import dev.weft.topology.Topologies;
import dev.weft.topology.TopologyStatus;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The lists that the rooms below have, and the order of each. */
final class RoomLists {
  private final String self;
  private final Pods pods;
  private final Wires wires;
  private final Topologies topologies;
  private final Subnets subnets;
  private final NetworkServices services;
  private final Mesh mesh;
  private final AppProxies proxies;

  RoomLists(Bus bus, String self) {
    this.self = self;
    this.pods = bus.proxy(Pods.class);
    this.wires = bus.proxy(Wires.class);
    this.topologies = bus.proxy(Topologies.class);
    this.subnets = bus.proxy(Subnets.class);
    this.services = bus.proxy(NetworkServices.class);
    this.mesh = bus.proxy(Mesh.class);
    this.proxies = bus.proxy(AppProxies.class);
  }

  Map<String, Listing<?>> all() {
    Map<String, Listing<?>> all = new HashMap<>(mesh());
    all.putAll(rooms());
    return all;
  }

  private Map<String, Listing<?>> rooms() {
    return Map.of(
        "pods",
        Listing.ofMembers(pods::local, pods::away, RoomLists::podRow),
        "wires",
        new Listing<>(this::wires, null, this::wireRow, RoomLists::withPeerDrops),
        "topologies",
        Listing.common(this::described, RoomLists::describedRow),
        "links",
        Listing.common(this::links, RoomLists::linkRow),
        "connections",
        Listing.ofMembers(services::connections, this::connectionRow),
        "chains",
        Listing.common(services::chains, chain -> ListRow.of(chain, chain.service())),
        "subnets",
        Listing.common(subnets::leases, s -> ListRow.of(s, ListRow.prefix(s.subnet()))),
        "addresses",
        Listing.ofMembers(subnets::addresses, a -> ListRow.of(a, of(a.pod()), a.node())),
        "routes",
        Listing.ofMembers(subnets::routes, RoomLists::routeRow));
  }

  private Map<String, Listing<?>> mesh() {
    return Map.of(
        "mesh/links",
        Listing.ofMembers(this::meshLinks, RoomLists::meshLinkRow),
        "mesh/routes",
        Listing.ofMembers(this::meshRoutes, r -> ListRow.of(r, r.destination(), r.node())),
        "mesh/peers",
        Listing.ofMembers(this::meshPeers, RoomLists::meshPeerRow),
        "mesh/services",
        Listing.common(mesh::services, s -> ListRow.of(s, s.name())),
        "mesh/exports",
        Listing.ofMembers(this::meshExports, RoomLists::meshExportRow),
        "mesh/forwards",
        Listing.ofMembers(this::meshForwards, RoomLists::meshForwardRow),
        "proxy/connections",
        Listing.ofMembers(this::proxyConnections, RoomLists::proxyConnectionRow));
  }

  private static ListRow<Pod> podRow(Pod pod) {
    return ListRow.of(pod, of(pod.ref()), pod.node());
  }

  private Future<List<WireView>> wires() {
    return wires.list().map(all -> all.stream().map(WireView::of).toList());
  }

  private ListRow<WireView> wireRow(WireView wire) {
    WireSpec spec = wire.spec();
    return ListRow.worstFirst(
            wire,
            wire.state().toString(),
            wire.state() == WireState.UP,
            of(first(spec.local().pod(), spec.peer().pod())),
            ListRow.number(spec.uid()),
            spec.id(),
            wire.state().toString())
        .heldBy(other(spec.local().node(), spec.peer().node()));
  }

  /** A wire between two nodes is one row, to which the drops of the second node are added. */
  private static JsonNode withPeerDrops(JsonNode first, JsonNode second) {
    long drops = second.at("/sent/drops").asLong() + second.at("/received/drops").asLong();
    return ((ObjectNode) first).put("peerDrops", drops);
  }

  private ListRow<ConnectionStatus> connectionRow(ConnectionStatus c) {
    // The state is part of the key: nodes that disagree are both listed.
    return ListRow.worstFirst(
            c,
            c.state().toString(),
            c.state() == ConnectionState.UP,
            of(c.clientPod()),
            c.service(),
            c.id(),
            c.state().toString())
        .heldBy(other(c.clientNode(), c.endpointNode()));
  }

  private static ListRow<Subnets.RouteView> routeRow(Subnets.RouteView route) {
    return ListRow.worstFirst(
        route,
        route.up() ? "up" : "waiting",
        route.up(),
        ListRow.prefix(route.destination()),
        route.node());
  }

  private Future<List<MeshLinkView>> meshLinks() {
    return mesh.links().map(all -> all.stream().map(l -> MeshLinkView.of(self, l)).toList());
  }

  /** Both ends of a link are listed: each has an RTT, counters and a state of its own. */
  private static ListRow<MeshLinkView> meshLinkRow(MeshLinkView link) {
    return ListRow.worstFirst(
        link, link.state(), link.state().equals("up"), link.node(), link.id());
  }

  private Future<List<MeshRouteView>> meshRoutes() {
    return mesh.routes().map(all -> all.stream().map(r -> MeshRouteView.of(self, r)).toList());
  }

  private Future<List<MeshPeerView>> meshPeers() {
    return mesh.peers().map(all -> all.stream().map(p -> MeshPeerView.of(self, p)).toList());
  }

  private static ListRow<MeshPeerView> meshPeerRow(MeshPeerView peer) {
    return ListRow.worstFirst(
        peer, peer.state(), peer.state().equals("up"), peer.node(), peer.peer());
  }

  private Future<List<MeshExportView>> meshExports() {
    return mesh.exports().map(all -> all.stream().map(e -> MeshExportView.of(self, e)).toList());
  }

  private static ListRow<MeshExportView> meshExportRow(MeshExportView export) {
    return ListRow.worstFirst(
        export, export.state(), export.state().equals("up"), export.name(), export.node());
  }

  private Future<List<MeshForwardView>> meshForwards() {
    return mesh.forwards().map(all -> all.stream().map(f -> MeshForwardView.of(self, f)).toList());
  }

  private static ListRow<MeshForwardView> meshForwardRow(MeshForwardView forward) {
    return ListRow.worstFirst(
        forward, forward.state(), forward.state().equals("up"), forward.listen(), forward.node());
  }

  private Future<List<ProxyConnectionView>> proxyConnections() {
    return proxies
        .connections()
        .map(all -> all.stream().map(row -> ProxyConnectionView.of(self, row)).toList());
  }

  private static ListRow<ProxyConnectionView> proxyConnectionRow(ProxyConnectionView c) {
    return ListRow.worstFirst(c, c.state(), c.well(), c.to(), c.side(), c.node());
  }

  /** Topologies, and the single links in their places between them. */
  private Future<List<Object>> described() {
    Future<List<LinkStatus>> singles = topologies.links();
    return topologies
        .list()
        .compose(
            list -> singles.map(l -> Stream.<Object>concat(list.stream(), l.stream()).toList()));
  }

  private static ListRow<Object> describedRow(Object described) {
    return described instanceof TopologyStatus topology
        ? ListRow.of(described, of(topology.topology().pod()))
        : place((LinkStatus) described);
  }

  private static ListRow<Object> place(LinkStatus link) {
    return ListRow.of(
        link, of(link.pod()), ListRow.number(link.uid()), String.valueOf(link.localIntf()));
  }

  /**
   * Both pods of a link describe it; the list has one of the two descriptions, one that is not up
   * if there is one.
   */
  private Future<List<LinkStatus>> links() {
    return described().map(all -> List.copyOf(once(all)));
  }

  private static Collection<LinkStatus> once(List<Object> described) {
    Map<String, LinkStatus> byEnds = new HashMap<>();
    described.stream()
        .flatMap(
            d ->
                d instanceof TopologyStatus topology
                    ? topology.links().stream()
                    : Stream.of((LinkStatus) d))
        .forEach(l -> byEnds.merge(ends(l), l, (a, b) -> up(a) && !up(b) ? b : a));
    return byEnds.values();
  }

  private static String ends(LinkStatus link) {
    String a = link.pod() + ":" + link.localIntf();
    String b = link.peer() + ":" + link.peerIntf();
    return link.wire() != null
        ? link.wire()
        : link.uid() + " " + (a.compareTo(b) < 0 ? a + " " + b : b + " " + a);
  }

  private static boolean up(LinkStatus link) {
    return link.state().equals("up");
  }

  private static ListRow<LinkStatus> linkRow(LinkStatus link) {
    return ListRow.worstFirst(
        link,
        link.state(),
        up(link),
        of(link.peer() == null ? link.pod() : first(link.pod(), link.peer())),
        ListRow.number(link.uid()),
        ends(link));
  }

  private String other(String one, String two) {
    return self.equals(one) ? (self.equals(two) ? null : two) : one;
  }

  private static PodRef first(PodRef a, PodRef b) {
    return of(a).compareTo(of(b)) < 0 ? a : b;
  }

  private static String of(PodRef pod) {
    return pod.ns() + " " + pod.name();
  }
}

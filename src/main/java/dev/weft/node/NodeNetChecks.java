package dev.weft.node;

import dev.weft.address.HostPort;
import dev.weft.api.NetChecks;
import dev.weft.cluster.Cluster;
import dev.weft.dial.WayState;
import dev.weft.dial.Ways;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.reach.NatBehaviour;
import dev.weft.reach.RouterMapping;
import dev.weft.reach.stun.NatWatch;
import io.vertx.core.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Puts together what the parts of this node know of its network. */
final class NodeNetChecks implements NetChecks {
  private final Cluster cluster;
  private final Mesh mesh;
  private final NatWatch nat;
  private final Ways ways;

  /**
   * @param nat of this node's UDP port
   */
  NodeNetChecks(Cluster cluster, Mesh mesh, NatWatch nat, Ways ways) {
    this.cluster = cluster;
    this.mesh = mesh;
    this.nat = nat;
    this.ways = ways;
  }

  @Override
  public Future<NetCheck> check() {
    return mesh.peers().map(peers -> nat.port().isPresent() ? of(nat, peers) : without(peers));
  }

  private NetCheck of(NatWatch watch, List<MeshPeer> peers) {
    NatBehaviour behaviour = watch.behaviour();
    return new NetCheck(
        cluster.self(),
        watch.port().map(NodeNetChecks::text).orElse(null),
        word(behaviour.udp()),
        word(behaviour.ipv6()),
        word(behaviour.mapping()),
        word(behaviour.filtering()),
        word(behaviour.hairpin()),
        new Lifetime(
            behaviour.lifetime().alive().map(Duration::toSeconds).orElse(null),
            behaviour.lifetime().expired().map(Duration::toSeconds).orElse(null)),
        watch.keepalive().toMillis(),
        watch.publicAddresses().stream().map(NodeNetChecks::text).toList(),
        watch.seenBy().stream()
            .map(s -> new SeenBy(text(s.server()), s.seen().map(NodeNetChecks::text).orElse(null)))
            .toList(),
        portMapping(watch),
        ways(peers));
  }

  private NetCheck without(List<MeshPeer> peers) {
    String unknown = word(NatBehaviour.Verdict.UNKNOWN);
    return new NetCheck(
        cluster.self(),
        null,
        unknown,
        unknown,
        unknown,
        unknown,
        unknown,
        new Lifetime(null, null),
        NatWatch.SHORTEST_KEEPALIVE.toMillis(),
        List.of(),
        List.of(),
        new PortMapping(null, null, null, "this node has no UDP port"),
        ways(peers));
  }

  private static PortMapping portMapping(NatWatch watch) {
    return watch.routerMappings().stream()
        .findFirst()
        .map(NodeNetChecks::mapped)
        .orElseGet(() -> new PortMapping(null, null, null, watch.unmapped()));
  }

  private static PortMapping mapped(RouterMapping mapping) {
    return new PortMapping(
        text(mapping.external()), mapping.protocol(), mapping.router().getHostAddress(), null);
  }

  /** To all members, and to all nodes that are peers through the mesh. */
  private List<Way> ways(List<MeshPeer> peers) {
    Map<String, MeshPeer> byNode =
        peers.stream().collect(Collectors.toMap(MeshPeer::node, Function.identity()));
    Map<String, String> names = new TreeMap<>();
    byNode.keySet().forEach(node -> names.put(node, ""));
    cluster.members().forEach(member -> names.put(member.id(), member.name()));
    names.remove(cluster.self());
    return names.entrySet().stream()
        .map(node -> way(node.getKey(), node.getValue(), byNode.get(node.getKey())))
        .toList();
  }

  /**
   * One way.
   *
   * @param peer null for a member that the mesh does not reach
   */
  private Way way(String node, String name, MeshPeer peer) {
    Optional<MeshPeer> up = Optional.ofNullable(peer).filter(p -> p.state().equals("up"));
    Optional<WayState> state =
        ways.dial().way(node).or(() -> up.map(p -> ways.throughMesh(p.node())));
    boolean relayed = state.filter(s -> s.kind().equals("mesh")).isPresent();
    String trouble = peer == null || peer.reason().isEmpty() ? null : peer.reason();
    return new Way(
        node,
        name.isEmpty() ? null : name,
        state.map(WayState::kind).orElse(null),
        state.map(WayState::path).orElse(null),
        state.map(WayState::mtu).orElse(null),
        up.map(MeshPeer::via)
            .filter(via -> relayed && !via.isEmpty() && !via.equals(node))
            .orElse(null),
        state.map(WayState::rttMicros).or(() -> up.map(MeshPeer::rttMicros)).orElse(null),
        state.isPresent() ? state.get().reason() : trouble);
  }

  private static String text(InetSocketAddress at) {
    return HostPort.of(at).toString();
  }

  /** As the API writes it. */
  private static String word(Enum<?> verdict) {
    return verdict.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

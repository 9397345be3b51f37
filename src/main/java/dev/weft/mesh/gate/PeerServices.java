package dev.weft.mesh.gate;

import dev.weft.bus.Fact;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.Peers;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.MeshSocket;
import io.vertx.core.Future;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/** The services of this node's peers, and its own. */
public final class PeerServices implements ServicePeers {
  private final Peers peers;
  private final String self;
  private final Function<String, List<String>> names;

  /**
   * @param self this node's id
   * @param names gives the ids of the members of a name
   */
  public PeerServices(Peers peers, String self, Function<String, List<String>> names) {
    this.peers = peers;
    this.self = self;
    this.names = names;
  }

  /**
   * Tells from now on when the services of the mesh change.
   *
   * @param later runs work after a second
   */
  public void watch(Consumer<Runnable> later, Consumer<Fact> facts) {
    new ServiceWatch(peers::list, later, facts).begin();
  }

  @Override
  public void export(
      String name, Set<String> allow, BiFunction<String, MeshSocket, Future<Void>> provider) {
    peers.export(
        name,
        allow,
        ObjectKind.STREAM_SOCKET,
        (node, end) -> provider.apply(node, (MeshSocket) end));
  }

  @Override
  public void withdraw(String name) {
    peers.withdraw(name);
  }

  @Override
  public Future<MeshSocket> connect(String node, String service) {
    return peers.connect(node, service, ObjectKind.STREAM_SOCKET).map(MeshSocket.class::cast);
  }

  /** This node is nearest to itself; peers without a round trip yet come last. */
  @Override
  public List<String> nearest(String service) {
    Map<String, Long> distance = new HashMap<>(Map.of(self, -1L));
    for (MeshPeer peer : peers.rows()) {
      if (peer.rttMicros() != null) {
        distance.put(peer.node(), peer.rttMicros());
      }
    }
    return peers.services().stream()
        .filter(s -> s.name().equals(service))
        .flatMap(s -> s.nodes().stream())
        .sorted(Comparator.comparing(node -> distance.getOrDefault(node, Long.MAX_VALUE)))
        .toList();
  }

  @Override
  public List<String> named(String name) {
    return names.apply(name);
  }
}

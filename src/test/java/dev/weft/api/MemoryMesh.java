package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.MeshHop;
import dev.weft.mesh.MeshLink;
import dev.weft.mesh.MeshRoute;
import dev.weft.mesh.gate.GateState;
import dev.weft.mesh.gate.MeshExport;
import dev.weft.mesh.gate.MeshForward;
import dev.weft.mesh.gate.Requested;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.MeshService;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** A mesh that is what its fields say; nothing is linked by itself. */
public final class MemoryMesh implements Mesh {
  public final List<MeshLink> links = new CopyOnWriteArrayList<>();
  public final List<MeshRoute> routes = new CopyOnWriteArrayList<>();

  public final List<MeshPeer> peers = new CopyOnWriteArrayList<>();
  public final List<MeshService> services = new CopyOnWriteArrayList<>();

  public final List<MeshExport> exports = new CopyOnWriteArrayList<>();
  public final List<MeshForward> forwards = new CopyOnWriteArrayList<>();

  /** What a ping is answered with. */
  public volatile Function<String, List<MeshHop>> way =
      node -> {
        throw Fault.NOT_FOUND.because("node " + node + ": no route");
      };

  /** A link that carries frames. */
  public MemoryMesh up(String id, String peer, Long rttMicros) {
    links.add(
        new MeshLink(
            id,
            "udp",
            "192.0.2.2:7654",
            peer,
            "up",
            "",
            "member",
            "certificate",
            "198.51.100.7:40001",
            rttMicros,
            1200,
            1_500_000,
            900,
            90_000,
            2,
            1_767_323_045_000L));
    return this;
  }

  /** A link that is configured and has reached nobody yet. */
  public MemoryMesh connecting(String id, String reason) {
    links.add(
        new MeshLink(
            id,
            "exec",
            "ssh edge weft link-stdio",
            "",
            "connecting",
            reason,
            "configured",
            "none",
            "",
            null,
            0,
            0,
            0,
            0,
            0,
            1_767_323_045_000L));
    return this;
  }

  public MemoryMesh route(String link, Long rttMicros, String... hops) {
    routes.add(new MeshRoute(hops[hops.length - 1], hops[0], link, List.of(hops), rttMicros));
    return this;
  }

  @Override
  public Future<List<MeshLink>> links() {
    return Future.succeededFuture(List.copyOf(links));
  }

  @Override
  public Future<List<MeshRoute>> routes() {
    return Future.succeededFuture(List.copyOf(routes));
  }

  @Override
  public Future<List<MeshPeer>> peers() {
    return Future.succeededFuture(List.copyOf(peers));
  }

  @Override
  public Future<List<MeshService>> services() {
    return Future.succeededFuture(List.copyOf(services));
  }

  @Override
  public Future<List<MeshExport>> exports() {
    return Future.succeededFuture(List.copyOf(exports));
  }

  @Override
  public Future<MeshExport> export(String name, String target, List<String> allow) {
    Requested.export(name, target, allow);
    if (exports.stream().anyMatch(e -> e.name().equals(name))) {
      throw Fault.CONFLICT.because("service: " + name + " is exported already");
    }
    exports.add(
        new MeshExport(name, target, allow, new GateState("created", "up", "", 0, 0, 0, 0, 0)));
    return Future.succeededFuture(exports.get(exports.size() - 1));
  }

  @Override
  public Future<Void> withdraw(String name) {
    if (!exports.removeIf(e -> e.name().equals(name))) {
      throw Fault.NOT_FOUND.because("service " + name + " is not exported by this node");
    }
    return Future.succeededFuture();
  }

  @Override
  public Future<List<MeshForward>> forwards() {
    return Future.succeededFuture(List.copyOf(forwards));
  }

  @Override
  public Future<MeshForward> forward(String listen, String node, String service) {
    Requested.forward(listen, node, service);
    forwards.add(
        new MeshForward(listen, node, service, new GateState("created", "up", "", 0, 0, 0, 0, 0)));
    return Future.succeededFuture(forwards.get(forwards.size() - 1));
  }

  @Override
  public Future<Void> unforward(String listen) {
    if (!forwards.removeIf(f -> f.listen().equals(listen))) {
      throw Fault.NOT_FOUND.because("forward " + listen + ": not on this node");
    }
    return Future.succeededFuture();
  }

  @Override
  public Future<List<MeshHop>> ping(String node) {
    return Future.succeededFuture(way.apply(node));
  }
}

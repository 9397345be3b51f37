package dev.weft.mesh;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.mesh.gate.MeshExport;
import dev.weft.mesh.gate.MeshForward;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.MeshService;
import io.vertx.core.Future;
import java.util.List;

/** What a node without listeners and links answers: nothing is linked, nobody can be reached. */
public final class OffMesh implements Mesh {
  /** Serves a node without a mesh; no member dials it any more. */
  public static Future<Void> serve(Bus bus, Cluster cluster) {
    return bus.serve(Mesh.class, new OffMesh()).compose(v -> MemberLinks.withdraw(cluster));
  }

  @Override
  public Future<List<MeshLink>> links() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<List<MeshRoute>> routes() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<List<MeshPeer>> peers() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<List<MeshService>> services() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<List<MeshExport>> exports() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<MeshExport> export(String name, String target, List<String> allow) {
    return off();
  }

  @Override
  public Future<Void> withdraw(String name) {
    return off();
  }

  @Override
  public Future<List<MeshForward>> forwards() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<MeshForward> forward(String listen, String node, String service) {
    return off();
  }

  @Override
  public Future<Void> unforward(String listen) {
    return off();
  }

  @Override
  public Future<List<MeshHop>> ping(String node) {
    return off();
  }

  private static <T> Future<T> off() {
    return Future.failedFuture(
        Fault.PRECONDITION.because(
            "mesh: off (expected: mesh.listen or mesh.links in the configuration)"));
  }
}

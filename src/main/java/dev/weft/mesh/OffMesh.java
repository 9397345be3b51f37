package dev.weft.mesh;

import dev.weft.bus.Fault;
import io.vertx.core.Future;
import java.util.List;

/** What a node without listeners and links answers: nothing is linked, nobody can be reached. */
public final class OffMesh implements Mesh {
  @Override
  public Future<List<MeshLink>> links() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<List<MeshRoute>> routes() {
    return Future.succeededFuture(List.of());
  }

  @Override
  public Future<List<MeshHop>> ping(String node) {
    return Future.failedFuture(
        Fault.PRECONDITION.because(
            "mesh: off (expected: mesh.listen or mesh.links in the configuration)"));
  }
}

package dev.weft.mesh.peer;

import dev.weft.mesh.stream.MeshObject;
import io.vertx.core.Future;

/** What stands behind an exported service; on the mesh's loop. */
public interface ServiceProvider {
  /**
   * A node connects.
   *
   * @param fromNode its id, proved
   * @param end this node's end of the connection, the provider's from now on
   * @return done when the connection is taken, which must be within 5 s; fails to refuse it
   */
  Future<Void> connect(String fromNode, MeshObject end);
}

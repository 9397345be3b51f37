package dev.weft.mesh;

import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.MeshService;
import io.vertx.core.Future;
import java.util.List;

/** This node in the mesh. */
public interface Mesh {
  /** All links, up or not, and what this node tries to link to, sorted by id. */
  Future<List<MeshLink>> links();

  /** The nodes that can be reached, and how, sorted by destination. */
  Future<List<MeshRoute>> routes();

  /** The nodes that can be reached, and the connections to them, sorted by id. */
  Future<List<MeshPeer>> peers();

  /** What this node and those that it is connected to export, sorted by name. */
  Future<List<MeshService>> services();

  /**
   * Measures the way to a node hop by hop.
   *
   * @param node its id, 16 hex digits
   * @return the nodes on the way, the destination last; INVALID for no id, NOT_FOUND without a
   *     route, TIMEOUT with the last hop that answered if one did not within 2 s
   */
  Future<List<MeshHop>> ping(String node);
}

package dev.weft.mesh;

import dev.weft.mesh.gate.MeshExport;
import dev.weft.mesh.gate.MeshForward;
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

  /** What this node exports, sorted by name. */
  Future<List<MeshExport>> exports();

  /**
   * Exports a server to the mesh and keeps that over restarts; the same again is success.
   *
   * @param target {@code tcp://host:port} or {@code unix:PATH}
   * @param allow ids of the nodes that may connect; empty for all of the mesh
   * @return INVALID; CONFLICT if the name is exported with another target; EXHAUSTED
   */
  Future<MeshExport> export(String name, String target, List<String> allow);

  /**
   * Withdraws an export; its connections are broken off.
   *
   * @return NOT_FOUND; PRECONDITION for one of the configuration
   */
  Future<Void> withdraw(String name);

  /** Where this node opens services of the mesh, sorted. */
  Future<List<MeshForward>> forwards();

  /**
   * Opens a service of the mesh for clients of this host and keeps that over restarts; the same
   * again is success.
   *
   * @param listen {@code address:port} or {@code unix:PATH}
   * @param node an id, a member's name, or {@code any} for the nearest that exports the service
   * @return INVALID; CONFLICT if the place is taken; EXHAUSTED
   */
  Future<MeshForward> forward(String listen, String node, String service);

  /**
   * Closes a forward; its clients are broken off.
   *
   * @return NOT_FOUND; PRECONDITION for one of the configuration
   */
  Future<Void> unforward(String listen);

  /**
   * Measures the way to a node hop by hop.
   *
   * @param node its id, 16 hex digits
   * @return the nodes on the way, the destination last; INVALID for no id, NOT_FOUND without a
   *     route, TIMEOUT with the last hop that answered if one did not within 2 s
   */
  Future<List<MeshHop>> ping(String node);
}

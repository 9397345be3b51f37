package dev.weft.mesh.gate;

import dev.weft.mesh.stream.MeshSocket;
import io.vertx.core.Future;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;

/** The services of the mesh as exports and forwards need them; on the mesh's loop. */
public interface ServicePeers {
  /**
   * Offers a service.
   *
   * @param allow ids of the nodes that may connect; empty for all
   * @param provider takes one end of each connection, given the id of the node that connects; it
   *     refuses by failing
   */
  void export(
      String name, Set<String> allow, BiFunction<String, MeshSocket, Future<Void>> provider);

  void withdraw(String name);

  /** Connects to a service of another node; fails with the reason. */
  Future<MeshSocket> connect(String node, String service);

  /** The other nodes that offer a service, the nearest first. */
  List<String> nearest(String service);

  /** The ids of the nodes of a name. */
  List<String> named(String name);
}

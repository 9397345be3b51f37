package dev.weft.nsm;

import dev.weft.bus.ForMembers;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.List;

/** What can be asked of the nsm room. */
public interface NetworkServices {
  /** The services that are advertised anywhere, by name. */
  Future<List<NetworkService>> services();

  /** The connections that have an end on this node, by id. */
  @ForMembers
  Future<List<ConnectionStatus>> connections();

  /** NOT_FOUND for an id that this node has no end of. */
  @ForMembers
  Future<ConnectionStatus> connection(String id);

  /**
   * Requests a service for a pod, as the pod itself would: the same again is the same connection.
   *
   * @param pod a pod of this node; NOT_FOUND for another
   * @return CONFLICT while the same request is under way, PRECONDITION where no endpoint has an
   *     interface type in common, UNAVAILABLE where every endpoint refused or failed
   */
  Future<ConnectionStatus> connect(PodRef pod, String service, String requestId);

  /** The services that are chains of others, by name. */
  Future<List<ServiceChain>> chains();

  /**
   * Declares a chain for the whole cluster, or another way of one; connections that stand stay as
   * they are. INVALID for a loop, a service that comes twice, or too many, CONFLICT for one that
   * this node's configuration declares.
   */
  Future<ServiceChain> putChain(String service, List<String> via);

  /** NOT_FOUND for an unknown chain, CONFLICT for one of this node's configuration. */
  Future<Void> removeChain(String service);

  /** Ends a connection on both nodes. NOT_FOUND for an id that this node has no end of. */
  Future<Void> close(String id);
}

package dev.weft.nsm.endpoint;

import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.NamespaceReferences;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;

/**
 * Wires end in registered pods: an endpoint whose namespace is none gets one of its own, in the
 * namespace {@value #NS}, as long as a connection needs it.
 */
public final class EndpointPods {
  private static final String NS = "nsm-endpoints";

  private final String self;
  private final Pods pods;
  private final Connections connections;
  private final WorkerExecutor workers;

  public EndpointPods(String self, Pods pods, Connections connections, WorkerExecutor workers) {
    this.workers = workers;
    this.self = self;
    this.pods = pods;
    this.connections = connections;
  }

  /** Whether a pod is one of this room's, and no client. */
  public static boolean owns(PodRef pod) {
    return pod.ns().equals(NS);
  }

  public Future<PodRef> podAt(EndpointAttachment spot) {
    return pods.local()
        .compose(
            local ->
                workers.executeBlocking(
                    () ->
                        local.stream()
                            .filter(
                                p -> NamespaceReferences.inodeIfThere(p.netns()) == spot.inode())
                            .findFirst(),
                    false))
        .compose(
            there ->
                there.isPresent()
                    ? Future.succeededFuture(there.get().ref())
                    : pods.put(new PodRef(NS, "ns-" + spot.inode()), spot.netns()).map(Pod::ref));
  }

  /** After a connection ended. */
  public Future<Void> release(Connection ended) {
    PodRef pod = ended.endpoint().pod();
    if (pod == null
        || !ended.endpointAt(self)
        || !owns(pod)
        || !connections.where(c -> pod.equals(c.endpoint().pod())).isEmpty()) {
      return Future.succeededFuture();
    }
    // Another may have taken it away already.
    return pods.remove(pod).otherwiseEmpty();
  }
}

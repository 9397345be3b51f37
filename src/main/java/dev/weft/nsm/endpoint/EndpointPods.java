package dev.weft.nsm.endpoint;

import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.Connections;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The pods in which wires to endpoints end. A wire ends in a registered pod; if an endpoint's
 * namespace is no pod's, it is registered as a pod in {@value #NS} as long as a connection needs
 * it.
 */
public final class EndpointPods {
  private static final String NS = "nsm-endpoints";

  private final String self;
  private final Pods pods;
  private final Connections connections;
  private final RoomThread thread;

  /** How often each is needed by what is not in the table of connections yet. */
  private final Map<PodRef, Integer> wanted = new HashMap<>();

  public EndpointPods(String self, RoomThread thread, Pods pods, Connections connections) {
    this.self = self;
    this.thread = thread;
    this.pods = pods;
    this.connections = connections;
  }

  /** Whether this room registered the pod, which then has no socket for requests. */
  public static boolean owns(PodRef pod) {
    return pod.ns().equals(NS);
  }

  /**
   * Does work that needs the pod of a namespace, which stays at least until the work is done.
   *
   * @param work enters the connection that needs the pod from then on
   */
  public <T> Future<T> with(EndpointAttachment attachment, Function<PodRef, Future<T>> work) {
    PodRef own = new PodRef(NS, "ns-" + attachment.identity());
    wanted.merge(own, 1, Integer::sum);
    // A removal that is under way ends first.
    Future<PodRef> found = thread.inOrder(own, () -> podAt(attachment, own));
    return found
        .compose(work)
        .onComplete(
            done -> {
              wanted.computeIfPresent(own, (ref, count) -> count == 1 ? null : count - 1);
              // Its connection may have ended meanwhile.
              release(found.result());
            });
  }

  private Future<PodRef> podAt(EndpointAttachment attachment, PodRef own) {
    return pods.local()
        .compose(
            local ->
                local.stream()
                    .filter(pod -> pod.identity() == attachment.identity())
                    .findFirst()
                    .map(Future::succeededFuture)
                    .orElseGet(() -> pods.put(own, attachment.netns())))
        .map(Pod::ref);
  }

  /** Removes the pod of an ended connection, if this room registered it and none else uses it. */
  public Future<Void> release(Connection ended) {
    return release(ended.endpointAt(self) ? ended.endpoint().pod() : null)
        .compose(v -> release(ended.clientAt(self) ? ended.client().pod() : null));
  }

  private Future<Void> release(PodRef pod) {
    return pod == null || !owns(pod)
        ? Future.succeededFuture()
        : thread.inOrder(
            pod,
            () ->
                wanted.containsKey(pod) || !connections.where(c -> uses(c, pod)).isEmpty()
                    ? Future.succeededFuture()
                    // A person may have removed it already.
                    : pods.remove(pod).otherwiseEmpty());
  }

  /** An endpoint in the middle of a chain is the client of the next hop. */
  private boolean uses(Connection c, PodRef pod) {
    return pod.equals(c.endpoint().pod()) || (c.clientAt(self) && pod.equals(c.client().pod()));
  }
}

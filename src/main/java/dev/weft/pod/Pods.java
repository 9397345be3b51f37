package dev.weft.pod;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;
import java.util.List;

/** What can be asked of the pod room. */
public interface Pods {
  /**
   * Registers a pod on this node, or moves it to another namespace. The same again is success.
   *
   * @param netns a path, a name under /run/netns, or {@code pid:N}; INVALID if it is no network
   *     namespace
   */
  Future<Pod> put(PodRef ref, String netns);

  /** Forgets a pod of this node. NOT_FOUND for one that is not registered here. */
  Future<Void> remove(PodRef ref);

  /** The pods registered on this node, by name. */
  @ForMembers
  Future<List<Pod>> local();

  /** The pods of all live members, by name; a pod claimed twice is shown once, at its owner. */
  Future<List<Pod>> all();

  /**
   * The pods of nodes that are away, as they were when these left, by name; their problem names the
   * node. One that is registered elsewhere by now is not among them.
   */
  Future<List<Pod>> away();
}

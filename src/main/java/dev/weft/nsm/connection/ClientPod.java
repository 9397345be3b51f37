package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import java.io.IOException;

/**
 * A pod of this node that requests a service.
 *
 * @param inode of its namespace, read now to compare it with a running process's: two namespaces
 *     that exist at the same time have different numbers
 * @param identity its namespace's cookie, which no other namespace gets
 */
public record ClientPod(PodRef ref, String netns, long inode, long identity) {
  /** PRECONDITION if its namespace is not there. */
  public static ClientPod of(Pod pod) {
    if (!pod.alive()) {
      throw Fault.PRECONDITION.because("pod " + pod.ref() + ": " + pod.problem());
    }
    try {
      return new ClientPod(
          pod.ref(), pod.netns(), NamespaceReferences.inodeOf(pod.netns()), pod.identity());
    } catch (IOException e) {
      throw Fault.PRECONDITION.because("pod " + pod.ref() + ": " + e.getMessage(), e);
    }
  }
}

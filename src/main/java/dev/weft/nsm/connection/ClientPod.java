package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import java.io.IOException;

/**
 * A pod of this node that asks.
 *
 * @param inode of its namespace now, to compare with that of a process which lives now: numbers of
 *     namespaces that are there at the same time differ
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

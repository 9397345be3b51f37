package dev.weft.pod;

/**
 * A registered pod.
 *
 * @param node id of the node it is registered on
 * @param netns its network namespace on that node: a path, a name under /run/netns, or {@code
 *     pid:N}; or what {@link SegmentRef} reads
 * @param identity of that namespace, which no other has; 0 while it cannot be opened
 * @param counter when it was registered, Unix milliseconds, or more, so that it is higher than that
 *     of every registration that was known; the highest wins when two nodes claim one pod
 * @param problem why the namespace cannot be used, null if it can
 */
public record Pod(
    PodRef ref, String node, String netns, long identity, long counter, String problem) {
  /** Whether it is a segment, which has ports and no interfaces; see {@link SegmentRef}. */
  public boolean isSegment() {
    return SegmentRef.isSegment(netns);
  }

  /** Whether its namespace is there to be used. */
  public boolean alive() {
    return problem == null;
  }

  /** The same pod, which cannot be used. */
  Pod with(String why) {
    return new Pod(ref, node, netns, identity, counter, why);
  }
}

package dev.weft.wire.meshnet;

import dev.weft.bus.ForMembers;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.List;

/** What a member knows about pods that are alive. */
public interface AlivePods {
  @ForMembers
  Future<Seen> seen(PodRef pod);

  /**
   * A pod's state as a member knows it.
   *
   * @param version number of changes; the state with the highest is the newest
   * @param state empty if the pod is not alive
   */
  record Seen(long version, List<PodState> state) {}
}

package dev.weft.wire.meshnet;

import dev.weft.bus.ForMembers;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.List;

/** What a member knows of pods that are alive. */
public interface AlivePods {
  /** The pod's state; none if it is not alive as far as this member knows. */
  @ForMembers
  Future<List<PodState>> alive(PodRef pod);
}

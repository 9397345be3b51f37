package dev.weft.wire.meshnet;

import dev.weft.pod.PodRef;
import dev.weft.wire.proto.Link;
import io.vertx.core.Future;
import java.util.List;

/** The links that topologies give a pod. */
public interface PodTopology {
  /** The pod's links; NOT_FOUND for a pod in no topology. */
  Future<List<Link>> of(PodRef pod);
}

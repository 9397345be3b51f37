package dev.weft.cluster;

import io.vertx.core.Future;
import java.util.List;

/** The way from an outpost to the nodes that may be its home. */
public interface HomeLine {
  /** Ids of the nodes that can be reached now, nearest first; this node may be among them. */
  Future<List<String>> reachable();

  /** Calls to a node as this outpost's home, each with a deadline of a few seconds. */
  Home to(String node);
}

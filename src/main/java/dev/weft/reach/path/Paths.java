package dev.weft.reach.path;

import dev.weft.identity.NodeId;
import io.vertx.core.Future;

/**
 * Paths from this node's UDP port straight to other nodes', which connections to these nodes take
 * as long as they stand. Where there is a NAT before the other node, it has to want a path to this
 * one at about the same time. Any thread may call.
 */
public interface Paths {
  /** Told how a path stands, whenever that has changed, in order, on any thread. */
  interface Watcher {
    void changed(PathStatus now);
  }

  /** A path that is kept. */
  interface Kept {
    PathStatus status();

    /** Keeps it no longer; the watcher hears of it. The same again does nothing. */
    void remove();
  }

  /** Makes a path, and makes it again whenever it is lost, until it is removed. */
  Kept keep(PathTarget target, Watcher watcher);

  /**
   * Waits until a path that is kept is established.
   *
   * @return the node there, which can be dialled by its id from now on; fails with DENIED at once
   *     if it is another than the one that must be there, with TIMEOUT after the target's timeout,
   *     with UNAVAILABLE if this node has no UDP port or the path was removed
   */
  Future<NodeId> established(Kept path);
}

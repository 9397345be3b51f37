package dev.weft.proxy.track;

import dev.weft.identity.NodeId;
import java.util.Optional;

/**
 * Where a connection stands. Each event gives the next state; one that has no meaning, the same.
 */
public sealed interface TrackState {
  /** Nothing has been tried: the proxy does not run. */
  record New() implements TrackState {
    @Override
    public TrackState trying() {
      return new Punching();
    }
  }

  /** The node is being looked for. */
  record Punching() implements TrackState {
    @Override
    public TrackState lost(String reason) {
      return new Lost(reason);
    }
  }

  /**
   * The node was heard, and has heard this one.
   *
   * @param node its id; empty as long as nothing has proved it
   * @param path for people
   */
  record Established(Optional<NodeId> node, String path) implements TrackState {
    @Override
    public TrackState streams(int count) {
      return count == 0 ? this : new Composed(node, path, count);
    }

    @Override
    public TrackState lost(String reason) {
      return new Lost(reason);
    }
  }

  /**
   * Established, and carries streams.
   *
   * @param streams at least one
   */
  record Composed(Optional<NodeId> node, String path, int streams) implements TrackState {
    @Override
    public TrackState reached(Optional<NodeId> by, String over) {
      return new Composed(by, over, streams);
    }

    @Override
    public TrackState streams(int count) {
      return count == 0 ? new Established(node, path) : new Composed(node, path, count);
    }

    @Override
    public TrackState lost(String reason) {
      return new Lost(reason);
    }
  }

  /** The node cannot be reached any more, or could not. */
  record Lost(String reason) implements TrackState {
    @Override
    public TrackState trying() {
      return new Punching();
    }

    @Override
    public TrackState lost(String another) {
      return new Lost(another);
    }
  }

  /** Nobody wants it any more. */
  record Removed() implements TrackState {
    @Override
    public TrackState reached(Optional<NodeId> by, String over) {
      return this;
    }

    @Override
    public TrackState stopped() {
      return this;
    }
  }

  /** An attempt to reach the node has begun. */
  default TrackState trying() {
    return this;
  }

  /** The node can be reached; again, when the path has changed. */
  default TrackState reached(Optional<NodeId> by, String over) {
    return new Established(by, over);
  }

  /** So many streams run over it. */
  default TrackState streams(int count) {
    return this;
  }

  default TrackState lost(String reason) {
    return this;
  }

  /** The proxy ends. */
  default TrackState stopped() {
    return new New();
  }

  /** The node that was reached. */
  default Optional<NodeId> reachedNode() {
    return this instanceof Established e
        ? e.node()
        : this instanceof Composed c ? c.node() : Optional.empty();
  }

  /** Whether streams can be opened. */
  default boolean standing() {
    return this instanceof Established || this instanceof Composed;
  }

  /** {@code new}, {@code punching}, {@code established}, {@code composed}, {@code lost}. */
  default String word() {
    return getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
  }
}

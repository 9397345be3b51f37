package dev.weft.reach.path;

import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Somebody's wish for a path to a node, or to whoever is at an address. */
final class Want {
  private final List<InetSocketAddress> addresses;
  private final Optional<NodeId> expected;
  private final long timeout;
  private final boolean forever;
  private final Paths.Watcher watcher;
  private Optional<NodeId> node;
  private PathStatus status;

  /** What else may be said if nobody answers. */
  private String refusal = "";

  /**
   * @param timeout of an attempt, nanoseconds
   * @param forever whether it is tried on, slowly, after that
   */
  Want(
      List<InetSocketAddress> addresses,
      Optional<NodeId> expected,
      long timeout,
      boolean forever,
      Paths.Watcher watcher) {
    this.addresses = List.copyOf(addresses);
    this.expected = expected;
    this.timeout = timeout;
    this.forever = forever;
    this.watcher = watcher;
    this.node = expected;
    this.status = new PathStatus(PathState.NEW, expected, null, null, null, "");
  }

  List<InetSocketAddress> addresses() {
    return addresses;
  }

  Optional<NodeId> expected() {
    return expected;
  }

  /** Who is there, or must be. */
  Optional<NodeId> node() {
    return node;
  }

  void met(NodeId found) {
    node = Optional.of(found);
  }

  long timeout() {
    return timeout;
  }

  boolean forever() {
    return forever;
  }

  PathStatus status() {
    return status;
  }

  void punching() {
    if (status.state() != PathState.PUNCHING) {
      become(new PathStatus(PathState.PUNCHING, node, null, null, null, status.reason()));
    }
  }

  /** Somebody at one of the addresses is no node of this mesh. */
  void refused(String why) {
    refusal = "; " + why;
  }

  /** As an addition to why it is lost; empty if nobody was refused. */
  String refusal() {
    return refusal;
  }

  void established(InetSocketAddress at, long rtt, String why) {
    become(
        new PathStatus(
            PathState.ESTABLISHED, node, at, TimeUnit.NANOSECONDS.toMicros(rtt), null, why));
  }

  void lost(Fault fault, String why) {
    become(new PathStatus(PathState.LOST, node, null, null, fault, why));
  }

  void removed() {
    become(new PathStatus(PathState.REMOVED, node, null, null, null, ""));
  }

  private void become(PathStatus next) {
    if (!next.equals(status)) {
      status = next;
      watcher.changed(next);
    }
  }
}

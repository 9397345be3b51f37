package dev.weft.proxy.forward;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import dev.weft.proxy.track.Tracked;
import dev.weft.proxy.track.Tracker;
import java.util.Optional;

/**
 * Decides where a CONNECT leads: to what was added, else to members if that is allowed. An open
 * proxy is not what this is.
 */
final class Targets {
  private static final String DOMAIN = ".weft";

  private final Tracker tracker;
  private final KnownNodes nodes;
  private final boolean members;

  /** One of both is there. */
  record Target(Optional<Tracked> tracked, Optional<NodeId> node) {}

  /**
   * @param members whether members need not be added
   */
  Targets(Tracker tracker, KnownNodes nodes, boolean members) {
    this.tracker = tracker;
    this.nodes = nodes;
    this.members = members;
  }

  /**
   * Finds the target of a request.
   *
   * @throws ConnectRefused 403 for one that is not allowed, 526 for one that is another node than
   *     the request wants
   */
  Target find(ConnectRequest request) {
    HostPort to = request.to();
    Optional<Tracked> tracked = tracker.find(to);
    if (tracked.isPresent()) {
      tracked
          .get()
          .state()
          .reachedNode()
          .or(() -> tracked.get().wanted().remote().node())
          .ifPresent(node -> check(request, node));
      return new Target(tracked, Optional.empty());
    }
    Optional<NodeId> node = named(to.host()).or(() -> nodes.at(to));
    node.ifPresent(n -> check(request, n));
    if (node.filter(nodes.self()::equals).isPresent()) {
      throw ConnectStatus.FORBIDDEN.because(
          "target: %s is this node itself (expected: another one)".formatted(to));
    }
    Optional<Tracked> leading = node.flatMap(tracker::find);
    if (leading.isPresent()) {
      return new Target(leading, Optional.empty());
    }
    if (node.filter(nodes::isMember).isEmpty()) {
      throw ConnectStatus.FORBIDDEN.because(
          "target: %s was not added (expected: a connection of this proxy; weft proxy add makes one)"
              .formatted(to));
    }
    if (!members) {
      throw ConnectStatus.FORBIDDEN.because(
          "target: member %s was not added (expected: a connection of this proxy, or proxy.forward.members: true)"
              .formatted(to));
    }
    return new Target(Optional.empty(), node);
  }

  private Optional<NodeId> named(String host) {
    return host.endsWith(DOMAIN)
        ? nodes.named(host.substring(0, host.length() - DOMAIN.length()))
        : Optional.empty();
  }

  /** The other node must be the one that the request wants, if it wants one. */
  static void check(ConnectRequest request, NodeId node) {
    if (request.node().filter(wanted -> !wanted.equals(node)).isPresent()) {
      throw ConnectStatus.INVALID_CERTIFICATE.because(
          "target: node %s is at %s (expected: node %s)"
              .formatted(node, request.to(), request.node().get()));
    }
  }
}

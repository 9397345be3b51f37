package dev.weft.topology;

import dev.weft.wire.WireStatus;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Links as planned, with the states of their wires as their nodes tell them.
 *
 * @param self this node, whose own wires are looked at before others'
 * @param answers by node
 * @param failures why this node's wire room refused a wire, by wire id
 */
record LinkView(
    String self, Map<String, Answer> answers, Function<String, Optional<String>> failures) {

  /**
   * A node's wires by id, or why it did not tell them.
   *
   * @param name the node's, as a person knows it
   */
  record Answer(String name, Map<String, WireStatus> wires, String failure) {}

  /** The node whose wire tells the link's state; null while none should have one. */
  static String witness(String self, LinkStatus planned) {
    if (!planned.state().equals(LinkPlanner.JOINING)) {
      return null;
    }
    return self.equals(planned.peerNode()) ? self : planned.node();
  }

  LinkStatus merge(LinkStatus planned) {
    String node = witness(self, planned);
    if (node == null) {
      return planned;
    }
    Answer answer = Objects.requireNonNull(answers.get(node), node);
    if (answer.failure != null) {
      return with(
          planned, "unknown", "node " + answer.name + " does not answer: " + answer.failure);
    }
    Optional<String> refused =
        node.equals(self) ? failures.apply(planned.wire()) : Optional.empty();
    if (refused.isPresent()) {
      return with(planned, "failed", refused.get());
    }
    WireStatus wire = answer.wires.get(planned.wire());
    return wire == null
        ? with(planned, LinkPlanner.JOINING, "node " + answer.name + " has not made its end yet")
        : with(planned, wire.mtu(), wire.state().toString(), wire.reason());
  }

  private static LinkStatus with(LinkStatus link, String state, String reason) {
    return with(link, link.mtu(), state, reason);
  }

  private static LinkStatus with(LinkStatus link, int mtu, String state, String reason) {
    return new LinkStatus(
        link.pod(),
        link.uid(),
        link.localIntf(),
        link.localIp(),
        link.peer(),
        link.peerIntf(),
        link.peerIp(),
        link.wire(),
        link.kind(),
        mtu,
        state,
        reason,
        link.node(),
        link.peerNode());
  }
}

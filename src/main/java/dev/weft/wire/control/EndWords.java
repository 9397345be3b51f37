package dev.weft.wire.control;

import dev.weft.config.WiresConfig.Carrier;
import dev.weft.wire.kernel.EndState;
import java.util.Optional;

/**
 * What the two nodes of a wire know of each other's ends. Each tells the other the state of its own
 * end with a number that grows with every change, so that an old word never beats a newer one, and
 * repeats it until the other one has answered. The numbers count for one pair of ends: a node that
 * was started again has another end. Knows no clock, thread or socket.
 */
final class EndWords {
  private EndState own;
  private long sequence;
  private long answered;
  private long peerId;
  private EndState peer;
  private long peerSequence;

  /**
   * What a node says of its end.
   *
   * @param sequence larger than that of any earlier word
   */
  record Word(long sequence, EndState state) {}

  Optional<EndState> own() {
    return Optional.ofNullable(own);
  }

  Optional<EndState> peer() {
    return Optional.ofNullable(peer);
  }

  /** The end on this node was looked at. */
  void seen(EndState now) {
    if (!now.equals(own)) {
      own = now;
      sequence++;
    }
  }

  /** What the peer is to be told; empty as long as nothing is known. */
  Optional<Word> word() {
    return own().map(state -> new Word(sequence, state));
  }

  /** The peer's end has that id; what a former one said stays until this one says something. */
  void joined(long id) {
    if (id != peerId) {
      peerId = id;
      answered = 0;
      peerSequence = 0;
    }
  }

  /**
   * The peer said something.
   *
   * @param id of its end
   * @param word empty from a node that does not tell, whose end counts as up
   */
  void heard(long id, Optional<Word> word) {
    if (id != peerId) {
      return;
    }
    if (word.isEmpty()) {
      // A late answer from before the node had looked at its end takes nothing back.
      peer = peerSequence == 0 ? null : peer;
    } else if (word.get().sequence() > peerSequence) {
      peerSequence = word.get().sequence();
      peer = word.get().state();
    }
  }

  /** Both ends are on this node, where the other one was looked at too. */
  void seenBoth(EndState ours, EndState other) {
    seen(ours);
    peer = other;
  }

  /** The peer has answered to the word with that number. */
  void told(long id, long number) {
    if (id == peerId) {
      answered = Math.max(answered, number);
    }
  }

  /** Whether the peer is to be told. */
  boolean isUntold() {
    return own != null && answered < sequence;
  }

  private static boolean isDown(EndState end) {
    return end != null && !end.up();
  }

  boolean isOwnDown() {
    return isDown(own);
  }

  boolean isPeerDown() {
    return isDown(peer);
  }

  /**
   * Whether the node's end of the veth pair is up, and so the pod's interface has a carrier.
   *
   * @param carries whether frames cross as far as the two nodes know
   * @param hears whether a change of the pod's interface is seen while the node's end is down; if
   *     not, it is down only where the pod's is up, for two such ends would wait for each other
   */
  boolean hasCarrier(Carrier mode, boolean carries, boolean hears) {
    return switch (mode) {
      case KEEP -> true;
      case ENDS -> !isCalledOff(hears);
      case FOLLOW -> carries && !isCalledOff(hears);
    };
  }

  private boolean isCalledOff(boolean hears) {
    return isPeerDown() && (hears || !isOwnDown());
  }
}

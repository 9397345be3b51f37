package dev.weft.wire.meshnet;

import dev.weft.bus.Fault;
import dev.weft.config.WiresConfig;
import dev.weft.rpc.Caller;
import dev.weft.wire.WireRepointed;
import java.util.Optional;

/**
 * A call that says where an end's other end is.
 *
 * @param standing the end as it is
 * @param to the daemon that has the other end from now on
 */
record PeerChange(EndIntent standing, PeerAddress to, Caller by) {
  /**
   * Whether the other end goes to another host though the former one has not given it up, as a
   * daemon does when its pod is gone.
   */
  private boolean takesOver() {
    return standing.peerId() != 0 && !standing.peer().equals(to);
  }

  /** DENIED for another host's daemon that takes over an end where that is forbidden. */
  void check(WiresConfig.Repoint repoint) {
    if (takesOver() && !by.local() && repoint == WiresConfig.Repoint.DENY) {
      throw Fault.DENIED.because(
          "peer_node_ip: "
              + to
              + " (expected: "
              + standing.peer()
              + ", which has the other end of "
              + standing.key()
              + " until it gives it up; wires.repoint is deny)");
    }
  }

  /** What is to be told once it is done; empty if nothing was taken over. */
  Optional<WireRepointed> fact() {
    return takesOver()
        ? Optional.of(
            new WireRepointed(
                standing.key().id(),
                standing.key().pod() + ":" + standing.key().intf(),
                standing.peer().text(),
                to.text(),
                by.toString()))
        : Optional.empty();
  }
}

package dev.weft.nsm.connection;

import dev.weft.nsm.ConnectionHop;
import dev.weft.nsm.UnsetRoute;
import java.util.List;

/**
 * What lies behind the first hop of a chain, as the client's node knows.
 *
 * @param up whether every hop after the first is up
 * @param reason why not; null if so
 * @param hops those that are known, the second first
 * @param unset routes by them that the client's pod could not be given
 */
public record ChainTail(
    boolean up, String reason, List<ConnectionHop> hops, List<UnsetRoute> unset) {
  private static final String UNSEEN = "its further hops were not checked since the node's start";

  /** Nothing was done about it yet. */
  static ChainTail begun() {
    return new ChainTail(false, "its further hops are not joined yet", List.of(), List.of());
  }

  /** Of a connection that was read from disk. */
  static ChainTail restored() {
    return new ChainTail(false, UNSEEN, List.of(), List.of());
  }

  /** The same, to be joined again. */
  ChainTail waiting() {
    return new ChainTail(false, "its further hops are joined again", hops, unset);
  }

  boolean isUnseen() {
    return UNSEEN.equals(reason);
  }
}

package dev.weft.identity;

import java.util.Optional;

/** Which node must be found at an address, for connections that are dialled by address. */
@FunctionalInterface
public interface AddressBook {
  /**
   * Asked from event loops, so it must not block.
   *
   * @return empty for an address where no node is known; such a connection is refused
   */
  Optional<NodeId> nodeAt(String host, int port);
}

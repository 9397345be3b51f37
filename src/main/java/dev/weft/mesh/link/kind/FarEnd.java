package dev.weft.mesh.link.kind;

import dev.weft.identity.NodeId;
import java.util.Optional;

/**
 * Who is at the other end of a transport, as {@link dev.weft.mesh.link.Transport} says it.
 *
 * @param kind the scheme
 * @param remote in words a user knows: an address, a path, a command
 * @param seenFrom its address and port; empty where there are none
 * @param proven the node that it has proved to be
 * @param proof by what: {@code certificate}, {@code key} or {@code none}
 */
record FarEnd(String kind, String remote, String seenFrom, Optional<NodeId> proven, String proof) {
  /** One that proves nothing and has no address. */
  static FarEnd unproven(String kind, String remote) {
    return new FarEnd(kind, remote, "", Optional.empty(), "none");
  }
}

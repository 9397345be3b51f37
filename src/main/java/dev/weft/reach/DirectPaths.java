package dev.weft.reach;

import java.net.InetSocketAddress;

/** The paths from a UDP port straight to nodes. Any loop asks, for each datagram. */
public interface DirectPaths {
  /** No path leads anywhere. */
  DirectPaths NONE =
      new DirectPaths() {
        @Override
        public DirectPath to(long node) {
          return null;
        }

        @Override
        public NodeAt from(InetSocketAddress address) {
          return null;
        }
      };

  /**
   * A node at an address.
   *
   * @param node its id
   */
  record NodeAt(long node) {}

  /** The path to a node; null without one. */
  DirectPath to(long node);

  /** The node that has been heard from an address; null for another address. */
  NodeAt from(InetSocketAddress address);
}

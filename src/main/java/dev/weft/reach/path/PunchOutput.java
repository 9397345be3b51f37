package dev.weft.reach.path;

import dev.weft.identity.NodeId;
import java.net.InetSocketAddress;

/** What punching does to the world. */
interface PunchOutput {
  /** Somebody has said hello who is no node of this mesh. */
  void refused(InetSocketAddress from, String why);

  void send(InetSocketAddress to, byte[] datagram);

  /**
   * The path to a node is another from now on.
   *
   * @param at null without one
   * @param doubtful whether it does not answer at the moment, so that another way is better
   */
  void path(NodeId node, InetSocketAddress at, boolean doubtful);

  /**
   * Datagrams from an address are a node's from now on.
   *
   * @param node null if they are nobody's any more
   */
  void source(InetSocketAddress address, NodeId node);

  /** A node sees this one's UDP port at an address. */
  void seen(NodeId by, InetSocketAddress at);

  /** The round trip of the path to a node has been measured, nanoseconds, smoothed. */
  void measured(NodeId node, long rtt);

  /** The next datagram that is sent to the node is to be told by {@link Puncher#traffic}. */
  void watchTraffic(NodeId node);

  /**
   * Something has become of the path to a node.
   *
   * @param from null if there was none
   * @param to null if there is none any more
   */
  void changed(NodeId node, InetSocketAddress from, InetSocketAddress to, String why);
}

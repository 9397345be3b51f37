package dev.weft.proxy.quic;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Remote;
import java.util.Optional;

/** What is known of the ways to other nodes by their UDP addresses. Any thread may call. */
public interface NodePaths {
  /** The UDP port of this node; 0 if it has none. */
  int port();

  /** Begins to look for a path to an address, and keeps it. */
  void add(Remote remote);

  /** Ends that. */
  void remove(HostPort at);

  /** The node at an address, as far as something has proved it. */
  Optional<NodeId> nodeAt(HostPort at);

  /** How a node can be reached now, for people; empty if it cannot. */
  Optional<String> path(NodeId node);

  /** Why an address or its node is not reached, or not better. */
  String reason(HostPort at);
}

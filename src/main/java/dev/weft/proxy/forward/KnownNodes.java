package dev.weft.proxy.forward;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import java.util.Optional;

/** The nodes that this one knows of without being told by its user. Any thread may call. */
public interface KnownNodes {
  /** This node. */
  NodeId self();

  /** The only member of a name; any node if the text is an id. */
  Optional<NodeId> named(String nameOrId);

  /** The member that says of itself that it is reached at this address. */
  Optional<NodeId> at(HostPort address);

  /** Whether a node is a member of the cluster now. */
  boolean isMember(NodeId node);
}

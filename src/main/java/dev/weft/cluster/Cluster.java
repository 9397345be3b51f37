package dev.weft.cluster;

import java.util.List;
import java.util.Optional;

/** The live members and what they share. Reads answer from this node's verified copy at once. */
public interface Cluster {
  /** This node's id. */
  String self();

  /** Whether this node is an outpost: outside of the members' network, with a home among them. */
  default boolean outpost() {
    return false;
  }

  /** Live members whose signed record was verified, this node among them, by name. */
  List<Member> members();

  Optional<Member> member(String id);

  /** A table in which every key belongs to the node that wrote it. */
  OwnedTable owned(String name);

  /** A table without owners: the last accepted change wins and every member stores it. */
  CommonTable common(String name);
}

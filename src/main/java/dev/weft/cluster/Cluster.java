package dev.weft.cluster;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import io.vertx.core.Future;
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

  /** Nodes that were members and are away, by name, until they return or are forgotten. */
  default List<AwayMember> away() {
    return List.of();
  }

  /** A node that was a member and is away. */
  default Optional<AwayMember> away(String id) {
    return away().stream().filter(a -> a.member().id().equals(id)).findAny();
  }

  /**
   * Stops to expect a node that is away, on every member, with all that hangs on it. NOT_FOUND for
   * one that was no member, CONFLICT for a live one.
   */
  default Future<Void> forget(String id) {
    return Future.failedFuture(Fault.NOT_FOUND.because("node " + id + ": never was a member"));
  }

  /** How people call a node: by its name if it is or was a member, else by its id. */
  default String name(String id) {
    return member(id).or(() -> away(id).map(AwayMember::member)).map(Member::name).orElse(id);
  }

  /** Why a node that is no live member cannot be reached, in words. */
  default String absence(String id) {
    return away(id)
        .map(AwayMember::text)
        .orElse("node " + id + " is no member of the cluster, as far as this node knows");
  }

  /**
   * Why who takes part in the cluster at an address is no member, in words; empty if that is not.
   */
  default Optional<String> foreign(HostPort at) {
    return Optional.empty();
  }

  /** Why there is no address at which a node serves others, in words. */
  default String addressless(String id) {
    return member(id).isPresent()
        ? "node " + name(id) + " serves no other node (its grpc.host is loopback)"
        : absence(id);
  }

  /** A table in which every key belongs to the node that wrote it. */
  OwnedTable owned(String name);

  /** A table without owners: the last accepted change wins and every member stores it. */
  CommonTable common(String name);
}

package dev.weft.config;

import dev.weft.address.HostPort;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The members with which this node forms a cluster.
 *
 * @param name only nodes of one name join each other
 * @param bind address literal of Hazelcast's listener, never a wildcard
 * @param port of Hazelcast's listener, 0 for any free one
 * @param join first contacts; empty for a node alone
 * @param size members when all are up, by whose majority voters about leases are first agreed on; 0
 *     for the join list and this node, or the largest membership that was ever seen
 * @param role what this node is in the cluster
 * @param forgetAfter how long a node that left is listed and expected back
 * @param bus the event bus's listener, an address literal; port 0 for any free one
 */
public record ClusterConfig(
    String name,
    String bind,
    int port,
    List<HostPort> join,
    int size,
    Role role,
    Duration forgetAfter,
    HostPort bus) {
  private static final int DEFAULT_PORT = 5701;

  /** What a node is in the cluster. */
  public enum Role {
    /** An outpost if it dials links of the mesh and has nobody to join, else a member. */
    AUTO,
    MEMBER,
    OUTPOST
  }

  public ClusterConfig {
    join = List.copyOf(join);
  }

  static ClusterConfig read(Section s) {
    ClusterConfig cluster =
        new ClusterConfig(
            s.read("name", "weft", Kind.NAME),
            s.read("bind", "127.0.0.1", Kind.ADDRESS),
            s.read("port", Integer.toString(DEFAULT_PORT), Kind.PORT),
            s.list("join", Kind.peer(DEFAULT_PORT)),
            s.read("size", "0", Kind.integer(0, 1000)),
            s.read("role", "auto", Kind.choice(Role.class)),
            s.read(
                "forget-after", "168h", Kind.duration(Duration.ofMinutes(1), Duration.ofDays(365))),
            s.read("bus", "127.0.0.1:0", Kind.LISTENER));
    s.end();
    return cluster;
  }

  /** How many members the join list and this node are; it may be on the list itself. */
  public int named() {
    return (int)
        Stream.concat(join.stream(), Stream.of(new HostPort(bind, port))).distinct().count();
  }

  /** Whether this node is an outpost of the members that its links lead to. */
  public boolean outpost(MeshConfig mesh) {
    return role == Role.OUTPOST || (role == Role.AUTO && join.isEmpty() && !mesh.links().isEmpty());
  }

  /** Why this member is no home for outposts; empty if it is one. */
  public Optional<String> notHome() {
    return role == Role.MEMBER || !join.isEmpty()
        ? Optional.empty()
        : Optional.of("it is alone, a member of no cluster; see cluster.role");
  }
}

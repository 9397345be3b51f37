package dev.weft.cluster;

import dev.weft.bus.Bus;
import dev.weft.bus.Signer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Optional;

/** This node's own place in the cluster, as a member or as an outpost: what a node stands on. */
public interface ClusterPlace extends Cluster {
  Vertx vertx();

  /** This node's proof of what it says to others. */
  Signer signer();

  /** How often this node has started. */
  long epoch();

  /** Names that one holder has at a time. */
  Leases leases(String name);

  /** What this node does for outposts; empty if it is one itself. */
  Optional<Home> home();

  /**
   * An outpost looks for its home over this line; a member needs none. Before {@link #announce}.
   */
  void through(HomeLine line);

  /**
   * Publishes this node's own record.
   *
   * @param grpc where members dial this node, host:port; null if it serves loopback only
   * @param http URL of its API as seen on its own host
   */
  Future<Void> announce(Bus bus, String name, String version, String grpc, String http);

  /** Says goodbye while the ways to others still stand. */
  Future<Void> leave();

  /** Leaves the cluster and closes Vert.x with it. */
  Future<Void> close();
}

package dev.weft.mesh;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Json;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.OwnedTable;
import dev.weft.config.MeshConfig;
import dev.weft.mesh.link.LinkKind;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Links this node with the members of its cluster that listen on UDP. Of two members the one with
 * the lower id dials; the other one does if there is no link after a while, because it may be the
 * only one that gets through, and then the first one dials no more. An outpost, which nobody can
 * dial, dials all of them at once: they are its ways to another home. A link that is up stays when
 * its member leaves the cluster. For the mesh's loop.
 */
final class MemberLinks {
  static final String TABLE = "mesh";

  private static final String KEY = "udp";

  /** After so long the member with the higher id dials too. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /** A member's record: where it listens for udp links, host:port. */
  record Listener(String node, String udp) {}

  private final Cluster cluster;
  private final OwnedTable table;
  private final MeshNode mesh;
  private final LinkKind udp;
  private final Map<String, MeshConfig.Link> kept = new HashMap<>();
  private final Map<String, Long> unlinkedSince = new HashMap<>();
  private boolean onLoopback;

  MemberLinks(Cluster cluster, MeshNode mesh, LinkKind udp) {
    this.cluster = cluster;
    this.table = cluster.owned(TABLE);
    this.mesh = mesh;
    this.udp = udp;
  }

  void onChange(Runnable listener) {
    table.onChange(listener);
  }

  /** Tells the other members that this node does not listen, whatever it told before a restart. */
  static Future<Void> withdraw(Cluster cluster) {
    return cluster.owned(TABLE).remove(KEY);
  }

  /** Tells the other members where this node listens. */
  Future<Void> announce(String address) {
    onLoopback = host(address).filter(IpAddress::isLoopback).isPresent();
    return table.put(KEY, Json.write(new Listener(cluster.self(), address)));
  }

  /** Compares the links that are kept with the members that are there. */
  void check(long now) {
    Map<String, MeshConfig.Link> wanted = new HashMap<>();
    for (OwnedTable.Row row : table.rows()) {
      if (!row.node().equals(cluster.self())) {
        row.read(Listener.class, Listener::node)
            .filter(member -> host(member.udp()).filter(this::mayBeAnothers).isPresent())
            .ifPresent(member -> wanted.put(member.node(), link(member)));
      }
    }
    unlinkedSince.keySet().retainAll(wanted.keySet());
    wanted.forEach((node, link) -> want(node, link, now));
    Map.copyOf(kept)
        .forEach(
            (node, link) -> {
              if (!wanted.containsKey(node) && !mesh.carries(link)) {
                drop(node, link);
              }
            });
  }

  private void want(String node, MeshConfig.Link link, long now) {
    MeshConfig.Link had = kept.get(node);
    boolean linked = mesh.linkedTo(node);
    // A link that the member has dialled is enough: no trouble is told of one that fails.
    boolean needless = linked && had != null && !mesh.carries(had);
    if (link.equals(had) && !needless) {
      return;
    }
    if (had != null) {
      drop(node, had);
    }
    if (linked) {
      unlinkedSince.remove(node);
      return;
    }
    long since = unlinkedSince.computeIfAbsent(node, n -> now);
    boolean mine = cluster.outpost() || cluster.self().compareTo(node) < 0;
    if (mine || now - since >= PATIENCE_NANOS) {
      kept.put(node, link);
      mesh.keep(udp, link, true);
    }
  }

  private void drop(String node, MeshConfig.Link link) {
    kept.remove(node);
    mesh.release(link);
  }

  /** The host of a record's address; empty if nobody can be dialled there. */
  private static Optional<String> host(String address) {
    return Optional.ofNullable(address)
        .flatMap(text -> HostPort.parse(text, -1))
        .filter(at -> at.port() > 0)
        .map(HostPort::host);
  }

  /** This host's loopback is not where a member on another host listens. */
  private boolean mayBeAnothers(String host) {
    return onLoopback || !IpAddress.isLoopback(host);
  }

  private static MeshConfig.Link link(Listener member) {
    return new MeshConfig.Link(
        new MeshConfig.LinkAddress("udp", member.udp()),
        Optional.of(member.node()),
        Optional.empty(),
        0);
  }
}

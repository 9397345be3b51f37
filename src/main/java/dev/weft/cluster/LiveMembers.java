package dev.weft.cluster;

import com.hazelcast.core.HazelcastInstance;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is in the cluster now. Hazelcast says which members are live, which proves nothing: whoever
 * reaches its port is one. A member is known, and counts towards the quorum of leases, once its
 * record is verified. Changed by the cluster thread, read by any.
 */
final class LiveMembers {
  private static final Logger log = LoggerFactory.getLogger(LiveMembers.class);
  private static final String LARGEST = "largest-membership";

  private final HazelcastInstance hazelcast;
  private final Store store;
  private final Quorum quorum;

  /** The largest membership on disk. */
  private int noted;

  private volatile Set<String> live = Set.of();
  private volatile Map<String, Member> known = Map.of();

  LiveMembers(HazelcastInstance hazelcast, Store store, Quorum quorum) {
    this.hazelcast = hazelcast;
    this.store = store;
    this.quorum = quorum;
  }

  /** Whether Hazelcast has a member that says it is this node. */
  boolean isLive(String node) {
    return live.contains(node);
  }

  /** Members whose record was verified, by node id. */
  Map<String, Member> known() {
    return known;
  }

  /** Members of Hazelcast, this node excluded, of whom no record was verified. */
  List<com.hazelcast.cluster.Member> unknown() {
    return hazelcast.getCluster().getMembers().stream()
        .filter(m -> !m.localMember() && !known.containsKey(nodeOf(m)))
        .toList();
  }

  static String nodeOf(com.hazelcast.cluster.Member member) {
    return Objects.requireNonNullElse(
        member.getAttribute(HazelcastSettings.NODE_ATTRIBUTE), "nobody");
  }

  /** Reads Hazelcast's list of members. */
  void refresh() {
    live =
        hazelcast.getCluster().getMembers().stream()
            .map(LiveMembers::nodeOf)
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Reads the verified records of live nodes.
   *
   * @param self this node, which is known without a record
   * @param changed is given each member that came, changed (true) or left (false)
   */
  void take(String self, List<OwnedTable.Row> rows, BiConsumer<Member, Boolean> changed) {
    Map<String, Member> now = new HashMap<>();
    rows.forEach(row -> row.read(Member.class, Member::id).ifPresent(m -> now.put(m.id(), m)));
    Map<String, Member> before = known;
    known = Map.copyOf(now);
    count(now.containsKey(self) ? now.size() : now.size() + 1);
    now.forEach(
        (id, m) -> {
          if (!m.equals(before.get(id))) {
            changed.accept(m, true);
          }
        });
    before.forEach(
        (id, m) -> {
          if (!now.containsKey(id)) {
            changed.accept(m, false);
          }
        });
  }

  private void count(int members) {
    quorum.sees(members);
    if (quorum.largest() > noted) {
      noted = quorum.largest();
      store
          .put(ClusterNode.ROOM, LARGEST, Integer.toString(noted))
          .onFailure(e -> log.warn("size of the cluster not noted: {}", e.getMessage()));
    }
  }

  /** The largest membership that this node noted before, 0 for none. */
  static Future<Integer> largest(Store store) {
    return store.get(ClusterNode.ROOM, LARGEST).map(text -> text.map(Integer::parseInt).orElse(0));
  }
}

package dev.weft.cluster;

import com.hazelcast.core.HazelcastInstance;
import dev.weft.bus.Reason;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.HashSet;
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

  private final KnownMembers known = new KnownMembers();
  private final LiveOutposts outposts = new LiveOutposts();

  /** Nodes of Hazelcast's members. */
  private volatile Set<String> joined = Set.of();

  /** Nodes that a member says it is the home of. */
  private volatile Set<String> hosted = Set.of();

  LiveMembers(HazelcastInstance hazelcast, Store store, Quorum quorum) {
    this.hazelcast = hazelcast;
    this.store = store;
    this.quorum = quorum;
  }

  /** Whether Hazelcast has a member that says it is this node. */
  boolean hasJoined(String node) {
    return joined.contains(node);
  }

  /** Whether the node has joined, or a member says that it is its home. */
  boolean isNamed(String node) {
    return hasJoined(node) || hosted.contains(node);
  }

  /** Whether the node has joined, or is an outpost, by its own record too, with a home. */
  boolean isLive(String node) {
    Member member = known.byId().get(node);
    return hasJoined(node) || (member != null && member.outpost());
  }

  /** Nodes that are live. */
  Set<String> live() {
    Set<String> live = new HashSet<>(joined);
    known.byId().values().stream().filter(Member::outpost).map(Member::id).forEach(live::add);
    return live;
  }

  /** Members and outposts whose record was verified. */
  KnownMembers known() {
    return known;
  }

  /** Members of Hazelcast, this node excluded, of whom no record was verified. */
  List<com.hazelcast.cluster.Member> unknown() {
    return hazelcast.getCluster().getMembers().stream()
        .filter(m -> !m.localMember() && !known.byId().containsKey(nodeOf(m)))
        .toList();
  }

  static String nodeOf(com.hazelcast.cluster.Member member) {
    return Objects.requireNonNullElse(
        member.getAttribute(HazelcastSettings.NODE_ATTRIBUTE), "nobody");
  }

  /** Reads Hazelcast's list of members. */
  void refresh() {
    joined =
        hazelcast.getCluster().getMembers().stream()
            .map(LiveMembers::nodeOf)
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Reads who is whose home.
   *
   * @param homes the outposts of each member
   */
  void takeHomes(Map<String, Set<String>> homes, long nowNanos) {
    hosted = outposts.review(homes, joined, nowNanos);
  }

  /**
   * Reads the verified records of nodes that may be live. Outposts do not count as members.
   *
   * @param self this node, which is known without a record
   * @param changed is given each member that came, changed (true) or left (false)
   */
  void take(String self, List<OwnedTable.Row> rows, BiConsumer<Member, Boolean> changed) {
    known.take(rows, m -> hasJoined(m.id()) || (m.outpost() && hosted.contains(m.id())), changed);
    long joinedOthers =
        known.byId().keySet().stream().filter(id -> hasJoined(id) && !id.equals(self)).count();
    count((int) joinedOthers + 1);
  }

  private void count(int members) {
    quorum.sees(members);
    if (quorum.largest() > noted) {
      noted = quorum.largest();
      store
          .put(ClusterNode.ROOM, LARGEST, Integer.toString(noted))
          .onFailure(e -> log.warn("size of the cluster not noted: {}", Reason.of(e)));
    }
  }

  /** The largest membership that this node noted before, 0 for none. */
  static Future<Integer> largest(Store store) {
    return store.get(ClusterNode.ROOM, LARGEST).map(text -> text.map(Integer::parseInt).orElse(0));
  }
}

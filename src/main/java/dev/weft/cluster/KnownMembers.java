package dev.weft.cluster;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** Live nodes whose record was verified. Changed by the cluster thread, read by any. */
final class KnownMembers {
  private volatile Map<String, Member> byId = Map.of();

  /** By node id. */
  Map<String, Member> byId() {
    return byId;
  }

  /** By name. */
  List<Member> sorted() {
    return byId.values().stream()
        .sorted(Comparator.comparing(Member::name).thenComparing(Member::id))
        .toList();
  }

  /**
   * Reads the records.
   *
   * @param live whether a record's writer is live
   * @param changed is given each member that came, changed (true) or left (false)
   */
  void take(
      List<OwnedTable.Row> rows, Predicate<Member> live, BiConsumer<Member, Boolean> changed) {
    Map<String, Member> now = new HashMap<>();
    rows.forEach(
        row ->
            row.read(Member.class, Member::id)
                .filter(live)
                .ifPresent(member -> now.put(member.id(), member)));
    Map<String, Member> before = byId;
    byId = Map.copyOf(now);
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
}

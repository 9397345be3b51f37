package dev.weft.cluster;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shared tables that this node has opened, by name. */
final class Tables {
  private static final Logger log = LoggerFactory.getLogger(Tables.class);

  private final Map<String, ReplicatedTable> all = new ConcurrentHashMap<>();
  private final BiConsumer<String, String> follower;

  /**
   * @param follower told of table and key of each row that has changed, on any thread
   */
  Tables(BiConsumer<String, String> follower) {
    this.follower = follower;
  }

  /** The table of that name, which is made if it is not open yet. */
  ReplicatedTable open(String name, Supplier<ReplicatedTable> make) {
    return all.computeIfAbsent(
        name,
        n -> {
          ReplicatedTable table = make.get();
          table.follow(key -> follower.accept(n, key));
          return table;
        });
  }

  Optional<ReplicatedTable> find(String name) {
    return Optional.ofNullable(all.get(name));
  }

  /** Says that every row may have changed. */
  void changed() {
    all.values().forEach(ReplicatedTable::changed);
  }

  /** Every lease that the tables show, by table and name; empty until they have been read. */
  Optional<Map<String, String>> leases() {
    List<ReplicatedLeases> some =
        all.values().stream()
            .filter(ReplicatedLeases.class::isInstance)
            .map(ReplicatedLeases.class::cast)
            .toList();
    if (some.isEmpty() || some.stream().anyMatch(table -> !table.ready().isComplete())) {
      return Optional.empty();
    }
    Map<String, String> leases = new HashMap<>();
    for (ReplicatedLeases table : some) {
      table.shown().forEach(l -> leases.put(LeaseRegister.name(table.name, l.key()), l.holder()));
    }
    return Optional.of(leases);
  }

  /** Shows in the tables what is decided about this node's leases. */
  void showDecided() {
    all.values().stream()
        .filter(ReplicatedLeases.class::isInstance)
        .map(ReplicatedLeases.class::cast)
        .forEach(ReplicatedLeases::showDecided);
  }

  void leasesChanged() {
    all.values().stream()
        .filter(ReplicatedLeases.class::isInstance)
        .forEach(ReplicatedTable::changed);
  }

  /** Forgets what a node owns. */
  void forget(String node) {
    all.values().stream()
        .filter(ReplicatedOwnedTable.class::isInstance)
        .map(ReplicatedOwnedTable.class::cast)
        .forEach(table -> table.forget(node));
  }

  void signAgain() {
    all.values().forEach(ReplicatedTable::signAgain);
  }

  void sync() {
    for (ReplicatedTable table : all.values()) {
      try {
        table.sync();
      } catch (RuntimeException e) {
        // The next pass tries again; a closing or merging Hazelcast refuses calls for a while.
        log.warn("table {} not synchronised: {}", table.name, e.toString());
      }
    }
  }
}

package dev.weft.cluster;

import io.vertx.core.Future;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One table's part of what the {@link Electorate} decides. */
record LeaseRegister(String table, Electorate electorate) {

  /** A name of a table among those of all tables. */
  static String name(String table, String key) {
    return table + "/" + key;
  }

  /** Holders by name; empty before anything was decided. */
  Optional<Map<String, String>> holders() {
    String prefix = name(table, "");
    return electorate
        .leases()
        .map(
            all -> {
              Map<String, String> own = new TreeMap<>();
              all.forEach(
                  (name, holder) -> {
                    if (name.startsWith(prefix)) {
                      own.put(name.substring(prefix.length()), holder);
                    }
                  });
              return own;
            });
  }

  /** As {@link LeaseWish}; false if another has the name by now. */
  Future<Boolean> decide(String key, String holder, String from) {
    return electorate.decide(new LeaseWish(name(table, key), holder, from));
  }
}

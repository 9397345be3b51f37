package dev.weft.cluster;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Which rows of all tables have changed since when: each row once, at its last change. */
final class ChangeLog {
  /** A row of a table. */
  record Row(String table, String key) {}

  /** Rows that have changed, and the number to ask with for those that change later. */
  record Part(List<Row> rows, long upTo, boolean more) {}

  private final SortedMap<Long, Row> rows = new TreeMap<>();
  private final Map<Row, Long> numbers = new HashMap<>();
  private long last;

  synchronized void changed(String table, String key) {
    Row row = new Row(table, key);
    Long before = numbers.put(row, ++last);
    if (before != null) {
      rows.remove(before);
    }
    rows.put(last, row);
  }

  /** Forgets rows that do not exist any more, of which there is nothing to tell. */
  synchronized void retain(Predicate<Row> exists) {
    // A row that comes between is told of after this, and noted again.
    numbers
        .entrySet()
        .removeIf(
            row -> {
              boolean gone = !exists.test(row.getKey());
              if (gone) {
                rows.remove(row.getValue());
              }
              return gone;
            });
  }

  /**
   * The first rows that have changed since.
   *
   * @param number {@link Part#upTo} of the part before, 0 for all rows
   */
  synchronized Part since(long number, int most) {
    List<Row> part = new ArrayList<>();
    long upTo = number;
    for (Map.Entry<Long, Row> row : rows.tailMap(number + 1).entrySet()) {
      if (part.size() == most) {
        return new Part(part, upTo, true);
      }
      part.add(row.getValue());
      upTo = row.getKey();
    }
    return new Part(part, upTo, false);
  }
}

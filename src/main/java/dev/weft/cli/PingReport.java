package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.TreeMap;

/** What rounds of hops have shown. Where the way changes, a hop has several nodes. */
final class PingReport {
  /**
   * @param hop from 1
   */
  private record Place(int hop, String node) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      return hop == other.hop ? node.compareTo(other.node) : Integer.compare(hop, other.hop);
    }
  }

  private final Map<Place, LongSummaryStatistics> places = new TreeMap<>();
  private int rounds;

  /** Takes the hops that one round was answered with. */
  void add(JsonNode hops) {
    rounds++;
    for (JsonNode hop : hops) {
      places
          .computeIfAbsent(
              new Place(hop.path("hop").asInt(), hop.path("node").asText()),
              place -> new LongSummaryStatistics())
          .accept(hop.path("rttMicros").asLong());
    }
  }

  /** How many rounds were answered. */
  int rounds() {
    return rounds;
  }

  boolean isEmpty() {
    return rounds == 0;
  }

  /** Each hop of one round. */
  TextTable once(Map<String, String> names) {
    TextTable table = new TextTable("HOP", "NODE", "ID", "RTT");
    places.forEach(
        (place, rtt) ->
            table.row(place.hop, names.get(place.node), place.node, millis(rtt.getMin())));
    return table;
  }

  /** Each hop over all rounds. */
  TextTable many(Map<String, String> names) {
    TextTable table = new TextTable("HOP", "NODE", "ID", "ANSWERS", "MIN", "AVG", "MAX");
    places.forEach(
        (place, rtt) ->
            table.row(
                place.hop,
                names.get(place.node),
                place.node,
                rtt.getCount(),
                millis(rtt.getMin()),
                millis(Math.round(rtt.getAverage())),
                millis(rtt.getMax())));
    return table;
  }

  private static String millis(long micros) {
    return ListDescription.millis(micros);
  }
}

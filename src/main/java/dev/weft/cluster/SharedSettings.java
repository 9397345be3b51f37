package dev.weft.cluster;

import dev.weft.bus.Json;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The settings that all members must have alike, as each tells its own before it does anything
 * else.
 */
public final class SharedSettings {
  private static final String TABLE = "settings";

  private final Cluster cluster;
  private final OwnedTable table;

  private record Told(String node, Map<String, String> settings) {}

  /**
   * A setting that members do not have alike.
   *
   * @param own this node's value
   * @param others the other values, each with the names of the members that have it
   */
  public record Difference(String key, String own, SortedMap<String, List<String>> others) {
    /** {@code subnets.cidr: 10.42.0.0/16 here, 10.43.0.0/16 on n2 (expected: …)}. */
    public String text() {
      return "%s: %s here, %s (expected: the same on all members)"
          .formatted(
              key,
              own,
              others.entrySet().stream()
                  .map(
                      other ->
                          other.getKey()
                              + " on "
                              + String.join(", ", new TreeSet<>(other.getValue())))
                  .collect(Collectors.joining(", ")));
    }
  }

  public SharedSettings(Cluster cluster) {
    this.cluster = cluster;
    this.table = cluster.owned(TABLE);
  }

  /** Tells the others this node's settings. */
  public Future<Void> tell(Map<String, String> settings) {
    return table.put("", Json.write(new Told(cluster.self(), settings)));
  }

  /** Runs the listener on the caller's context after a member's settings may have changed. */
  public void onChange(Runnable listener) {
    table.onChange(listener);
  }

  /** What the live members have told, this node among them, by node id. */
  public SortedMap<String, Map<String, String>> byNode() {
    SortedMap<String, Map<String, String>> all = new TreeMap<>();
    for (OwnedTable.Row row : table.rows()) {
      row.read(Told.class, Told::node)
          .filter(told -> told.settings() != null)
          .ifPresent(told -> all.put(told.node(), told.settings()));
    }
    return all;
  }

  /** Where other members differ from this node; a setting that one does not know is left out. */
  public List<Difference> differences() {
    Map<String, Map<String, String>> all = byNode();
    List<Difference> differences = new ArrayList<>();
    Map<String, String> own = all.getOrDefault(cluster.self(), Map.of());
    for (String key : new TreeSet<>(own.keySet())) {
      SortedMap<String, List<String>> others = new TreeMap<>();
      all.forEach(
          (node, settings) -> {
            String value = settings.get(key);
            if (value != null && !value.equals(own.get(key))) {
              others.computeIfAbsent(value, v -> new ArrayList<>()).add(cluster.name(node));
            }
          });
      if (!others.isEmpty()) {
        differences.add(new Difference(key, own.get(key), others));
      }
    }
    return differences;
  }
}

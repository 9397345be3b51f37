package dev.weft.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A configuration with the text of each key's value, by which two readings are compared.
 *
 * @param restarts the values that only a start applies, by key
 */
public record ConfigReading(WeftConfig config, SortedMap<String, String> restarts) {
  static ConfigReading of(WeftConfig config, Map<Key, String> values) {
    SortedMap<String, String> restarts = new TreeMap<>();
    values.forEach(
        (key, value) -> {
          // A key inside a list's item is a part of the list's own value.
          if (!key.reloads() && key.path().indexOf('[') < 0) {
            restarts.put(key.path(), value);
          }
        });
    return new ConfigReading(config, restarts);
  }

  /** What another reading would change with a start alone: {@code grpc.port: 51111 -> 51112}. */
  public List<String> needRestart(ConfigReading other) {
    List<String> changes = new ArrayList<>();
    restarts.forEach(
        (key, value) -> {
          String now = other.restarts.get(key);
          if (!value.equals(now)) {
            changes.add(key + ": " + shown(value) + " -> " + shown(now));
          }
        });
    return changes;
  }

  private static String shown(String value) {
    return value == null || value.isEmpty() ? "\"\"" : value;
  }
}

package dev.weft.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A value in a document, with its path; what does not have the asked type is noted as a fault. */
record DocumentNode(String path, Object value, DocumentProblems faults) {

  DocumentNode at(String key) {
    Object child = value instanceof Map<?, ?> map ? map.get(key) : null;
    return new DocumentNode(path.isEmpty() ? key : path + "." + key, child, faults);
  }

  boolean has(String key) {
    return value instanceof Map<?, ?> map && map.containsKey(key);
  }

  /** Whether this is an object; if not, that is a fault. */
  boolean isObject(String expected) {
    if (value instanceof Map) {
      return true;
    }
    wrong(expected);
    return false;
  }

  /** The keys of an object that {@code known} does not have. */
  List<String> unknownKeys(List<String> known) {
    return value instanceof Map<?, ?> map
        ? map.keySet().stream().map(String::valueOf).filter(k -> !known.contains(k)).toList()
        : List.of();
  }

  /** The members of a list; none if there is no list. */
  List<DocumentNode> items() {
    List<DocumentNode> items = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        items.add(new DocumentNode(path + "[" + i + "]", list.get(i), faults));
      }
    } else if (value != null) {
      wrong("a list");
    }
    return items;
  }

  /** A string, null if there is none. */
  String text() {
    if (value == null || value instanceof String) {
      return (String) value;
    }
    wrong("a string");
    return null;
  }

  /** A whole number within bounds; null, and a fault, for anything else. */
  Long number(long min, long max) {
    if (value instanceof Integer || value instanceof Long) {
      long number = ((Number) value).longValue();
      if (number >= min && number <= max) {
        return number;
      }
    }
    wrong("a number, " + min + ".." + max);
    return null;
  }

  void wrong(String expected) {
    faults.wrong(path, value, expected);
  }
}

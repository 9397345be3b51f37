package dev.weft.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What one reading of a file collects: problems, the lines of keys, and all known keys. */
final class Binding {
  final Environment environment;
  private final List<ConfigProblem> problems = new ArrayList<>();
  private final Set<String> wrong = new HashSet<>();
  private final Map<String, Integer> lines = new HashMap<>();
  private final Map<Key, String> values = new LinkedHashMap<>();

  Binding(Environment environment) {
    this.environment = environment;
  }

  void found(String path, int line) {
    lines.put(path, line);
  }

  /**
   * @param value as text, the default's where the file leaves it out
   */
  void knows(Key key, String value) {
    values.put(key, value);
  }

  void problem(String path, String value, String expected) {
    problem(path, value, expected, line(path));
  }

  /** Of a key, or of what it is in if the file leaves it out; 0 if that is the file. */
  private int line(String path) {
    String at = path;
    while (!lines.containsKey(at) && at.indexOf('.') >= 0) {
      at = at.substring(0, at.lastIndexOf('.'));
    }
    return lines.getOrDefault(at, 0);
  }

  void problem(String path, String value, String expected, int line) {
    wrong.add(path);
    problems.add(new ConfigProblem(path, value, expected, line));
  }

  /** A key that was most likely meant by another: its default is not what the file says. */
  void mistyped(String path) {
    wrong.add(path);
  }

  /** Whether these keys' values are what the file says, not defaults in place of wrong ones. */
  boolean sound(String... paths) {
    return Arrays.stream(paths).allMatch(this::sound);
  }

  private boolean sound(String path) {
    int dot = path.lastIndexOf('.');
    return !wrong.contains(path) && (dot < 0 || sound(path.substring(0, dot)));
  }

  List<ConfigProblem> problems() {
    return problems.stream().sorted(Comparator.comparingInt(ConfigProblem::line)).toList();
  }

  List<Key> keys() {
    return List.copyOf(values.keySet());
  }

  Map<Key, String> values() {
    return values;
  }
}

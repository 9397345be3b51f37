package dev.weft.room;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Compares the wanted with the observed. */
public final class Reconciler {
  private Reconciler() {}

  /**
   * The changes that turn the observed into the wanted.
   *
   * @param replace wanted, and observed with other contents under the same key
   * @param remove observed and not wanted
   */
  public record Plan<V>(List<V> add, List<V> replace, List<V> remove) {
    /** What is to be written: all of {@code replace} and {@code add}. */
    public List<V> put() {
      return Stream.concat(replace.stream(), add.stream()).toList();
    }

    public boolean isEmpty() {
      return add.isEmpty() && replace.isEmpty() && remove.isEmpty();
    }
  }

  /** The changes; whatever is observed and not wanted is to be removed. */
  public static <K, V> Plan<V> plan(Map<K, V> wanted, Map<K, V> observed) {
    Plan<V> plan = new Plan<>(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    wanted.forEach(
        (key, value) -> {
          V there = observed.get(key);
          if (there == null) {
            plan.add.add(value);
          } else if (!Objects.equals(there, value)) {
            plan.replace.add(value);
          }
        });
    observed.forEach(
        (key, value) -> {
          if (!wanted.containsKey(key)) {
            plan.remove.add(value);
          }
        });
    return plan;
  }
}

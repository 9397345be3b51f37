package dev.weft.room;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Compares what is wanted with what is there. */
public final class Reconciler {
  private Reconciler() {}

  /**
   * The changes that make the observed what is wanted.
   *
   * @param replace wanted, and there with other contents under the same key
   * @param remove there and not wanted
   */
  public record Plan<V>(List<V> add, List<V> replace, List<V> remove) {
    public boolean isEmpty() {
      return add.isEmpty() && replace.isEmpty() && remove.isEmpty();
    }
  }

  /** Everything observed is ours: what is not wanted goes. */
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

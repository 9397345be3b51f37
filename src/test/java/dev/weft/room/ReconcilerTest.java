package dev.weft.room;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ReconcilerTest {
  @Property
  void shouldMakeTheObservedWhatIsWanted(
      @ForAll Map<Byte, Byte> wanted, @ForAll Map<Byte, Byte> observed) {
    Map<Byte, Map.Entry<Byte, Byte>> intent = entries(wanted);
    Map<Byte, Map.Entry<Byte, Byte>> there = entries(observed);

    var plan = Reconciler.plan(intent, there);
    plan.remove().forEach(e -> there.remove(e.getKey()));
    plan.replace().forEach(e -> there.replace(e.getKey(), e));
    plan.add().forEach(e -> assertThat(there.putIfAbsent(e.getKey(), e)).isNull());

    assertThat(there).isEqualTo(intent);
    assertThat(Reconciler.plan(intent, there).isEmpty()).isTrue();
  }

  @Test
  void shouldTouchNothingThatIsRight() {
    assertThat(Reconciler.plan(Map.of(1, "a", 2, "b"), Map.of(2, "b", 1, "a")).isEmpty()).isTrue();
  }

  private static Map<Byte, Map.Entry<Byte, Byte>> entries(Map<Byte, Byte> map) {
    Map<Byte, Map.Entry<Byte, Byte>> entries = new HashMap<>();
    map.forEach((key, value) -> entries.put(key, Map.entry(key, value)));
    return entries;
  }
}

package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FloodGateTest {
  private final List<String> logged = new ArrayList<>();
  private long now = Long.MAX_VALUE - 1;
  private final FloodGate gate = new FloodGate(logged::add, () -> now);

  private void flood() {
    for (int i = 0; i < 2 * FloodGate.MOST; i++) {
      gate.accept("line " + i);
    }
  }

  @Test
  void shouldLeaveOutTheRestOfAFloodAndSaySo() {
    flood();

    assertThat(logged)
        .hasSize(FloodGate.MOST + 1)
        .startsWith("line 0")
        .endsWith(
            "line " + (FloodGate.MOST - 1),
            "more than 2000 lines within 10 s; the rest of them is left out");
  }

  @Test
  void shouldLogAgainInTheNextPeriod() {
    flood();
    logged.clear();
    now += TimeUnit.SECONDS.toNanos(10);

    gate.accept("later");

    assertThat(logged).containsExactly("later");
  }
}

package dev.weft.proxy.utp.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes between two ends over paths of every kind, in simulated time. */
class UtpTransferTest {
  private static final long SECOND = 1_000_000;
  private static final long MB = 1 << 20;

  private final Simulation simulation = new Simulation();
  private final Random random = new Random(29);
  private final SimulatedEnd a = new SimulatedEnd(simulation, random);
  private final SimulatedEnd b = new SimulatedEnd(simulation, random);
  private final SimulatedPath there = new SimulatedPath(simulation, random, b::arrived);
  private final SimulatedPath back = new SimulatedPath(simulation, random, a::arrived);

  UtpTransferTest() {
    a.out = there;
    b.out = back;
  }

  private boolean closed() {
    return a.ending != null && b.ending != null;
  }

  private void bothClosedWell() {
    assertThat(a.wrong || b.wrong).as("bytes differ").isFalse();
    assertThat(b.got).isEqualTo(a.toWrite);
    assertThat(a.got).isEqualTo(b.toWrite);
    assertThat(a.ending).isEqualTo(UtpEnding.DONE);
    assertThat(b.ending).isEqualTo(UtpEnding.DONE);
  }

  @Test
  void shouldTransfer100MegabytesOverCleanPathNearItsRate() {
    a.toWrite = 100 * MB;
    long began = simulation.now();

    a.dial();
    simulation.run(60 * SECOND, this::closed);

    bothClosedWell();
    double rate = 100.0 * MB / (simulation.now() - began) * SECOND;
    assertThat(rate).isGreaterThan(0.85 * there.rate);
  }

  @ParameterizedTest
  @CsvSource({
    "0.05, 0, 0, 10000, 100",
    "0, 0.3, 0, 10000, 100",
    "0, 0, 0.3, 10000, 100",
    "0.05, 0.1, 0.1, 500, 100",
    "0.2, 0.2, 0.2, 20000, 10",
    "0.01, 0.01, 0.01, 150000, 20"
  })
  void shouldTransferBothWays(
      double loss, double reordering, double duplication, long delay, long megabytes) {
    for (SimulatedPath path : new SimulatedPath[] {there, back}) {
      path.loss = loss;
      path.reordering = reordering;
      path.duplication = duplication;
      path.delay = delay;
    }
    a.toWrite = megabytes * MB;
    b.toWrite = megabytes * MB / 3 + 1;
    a.dial();
    simulation.run(3600 * SECOND, this::closed);

    bothClosedWell();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1371, 1372, 1373, 70_001})
  void shouldTransferAnySize(int size) {
    a.toWrite = size;
    b.toWrite = size;

    a.dial();
    if (size == 0) {
      simulation.run(SECOND, () -> a.connected);
    }
    simulation.run(20 * SECOND, this::closed);

    bothClosedWell();
  }
}

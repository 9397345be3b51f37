package dev.weft.proxy.utp.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two ends that ping each other in simulated time. */
class UtpPunchTest {
  private static final long SECOND = 1_000_000;
  private static final long DELAY = 20_000;

  private final Simulation simulation = new Simulation();
  private final End a = new End();
  private final End b = new End();
  private boolean cut;

  private final class End implements UtpPunch.Told {
    final List<String> told = new ArrayList<>();
    long connections;
    int sent;
    UtpPunch punch;
    End other;
    private long scheduled = Long.MAX_VALUE;

    void begin(long timeout) {
      punch =
          new UtpPunch(
              timeout, () -> 15 * SECOND, () -> connections, simulation::now, this::send, this);
      arm();
    }

    private void send(int word) {
      sent++;
      if (!cut) {
        simulation.at(simulation.now() + DELAY, () -> other.arrived(word));
      }
    }

    private void arrived(int word) {
      if (punch != null) {
        punch.arrived(word);
        arm();
      }
    }

    private void arm() {
      if (punch.timer() < scheduled) {
        scheduled = punch.timer();
        simulation.at(
            scheduled,
            () -> {
              scheduled = Long.MAX_VALUE;
              punch.tick();
              arm();
            });
      }
    }

    @Override
    public void trying() {
      told.add("trying");
    }

    @Override
    public void established() {
      told.add("established");
    }

    @Override
    public void lost(String reason) {
      told.add(reason);
    }
  }

  UtpPunchTest() {
    a.other = b;
    b.other = a;
  }

  private void pass(long micros) {
    simulation.run(micros, () -> false);
  }

  private void establish() {
    a.begin(10 * SECOND);
    b.begin(10 * SECOND);
    simulation.run(SECOND, () -> a.punch.isEstablished() && b.punch.isEstablished());
    assertThat(a.punch.isEstablished() && b.punch.isEstablished()).isTrue();
  }

  @Test
  void shouldBeEstablishedSoonThoughOneBeginsLater() {
    a.begin(10 * SECOND);
    pass(2 * SECOND);
    b.begin(10 * SECOND);

    simulation.run(SECOND, () -> a.punch.isEstablished() && b.punch.isEstablished());

    assertThat(a.told).containsExactly("trying", "established");
    assertThat(b.told).containsExactly("trying", "established");
  }

  @Test
  void shouldStayEstablishedForHalfAnHourByFewPings() {
    establish();
    int before = a.sent;

    pass(30 * 60 * SECOND);

    assertThat(a.told).containsExactly("trying", "established");
    assertThat(a.sent - before).isBetween(100, 260);
  }

  @Test
  void shouldTellOfIdleLossWithin20SecondsAndPunchAgain() {
    establish();
    pass(60 * SECOND);
    cut = true;
    long before = simulation.now();
    simulation.run(60 * SECOND, () -> a.told.size() > 2);

    assertThat(simulation.now() - before).isBetween(4 * SECOND, 36 * SECOND);
    assertThat(a.told.get(2)).startsWith("nothing heard for ");
    cut = false;
    simulation.run(5 * SECOND, () -> a.punch.isEstablished());
    assertThat(a.punch.isEstablished()).isTrue();
  }

  @Test
  void shouldTellOfLossWithin4SecondsWhenInUse() {
    establish();
    a.connections = 1;
    cut = true;
    a.punch.sent();
    a.arm();
    long before = simulation.now();

    simulation.run(60 * SECOND, () -> a.told.size() > 2);

    assertThat(simulation.now() - before).isBetween(4 * SECOND, 5 * SECOND);
    assertThat(a.told.get(2)).isEqualTo("no answer for 4 s while it was in use");
  }

  @Test
  void shouldGoOnTryingWithPausesThatGrow() {
    cut = true;
    a.begin(2 * SECOND);

    pass(300 * SECOND);

    assertThat(a.told).startsWith("trying", "no answer within 2 s", "trying");
    assertThat(a.told.size()).isBetween(16, 30);
    assertThat(a.sent).isLessThan(200);
  }

  @Test
  void shouldTryAtOnceWhenOtherEndDoes() {
    cut = true;
    a.begin(SECOND);
    pass(120 * SECOND);
    cut = false;
    b.begin(10 * SECOND);

    simulation.run(SECOND, () -> a.punch.isEstablished() && b.punch.isEstablished());

    assertThat(a.punch.isEstablished() && b.punch.isEstablished()).isTrue();
  }

  @Test
  void shouldSendNothingOnceRemoved() {
    establish();
    a.punch.remove();
    int before = a.sent;

    pass(60 * SECOND);

    assertThat(a.sent).isEqualTo(before);
    assertThat(b.told).hasSizeGreaterThan(2);
  }

  @Test
  void shouldIgnoreOtherWords() {
    a.begin(10 * SECOND);

    a.punch.arrived(7);

    assertThat(a.punch.isEstablished()).isFalse();
    assertThat(a.sent).isZero();
  }
}

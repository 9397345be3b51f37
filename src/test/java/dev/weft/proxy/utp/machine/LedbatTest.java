package dev.weft.proxy.utp.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** How a connection shares a bottleneck: 10 Mbit/s, a round trip of 20 ms, a queue of 300 ms. */
class LedbatTest {
  private static final long SECOND = 1_000_000;
  private static final long RATE = 1_250_000;

  private final Simulation simulation = new Simulation();
  private final Random random = new Random(6817);
  private final SimulatedEnd a = new SimulatedEnd(simulation, random);
  private final SimulatedEnd b = new SimulatedEnd(simulation, random);
  private final SimulatedTcp tcp = new SimulatedTcp(simulation);
  private final SimulatedPath bottleneck =
      new SimulatedPath(
          simulation,
          random,
          packet -> {
            if (packet.length == 1400) {
              tcp.delivered(packet);
            } else {
              b.arrived(packet);
            }
          });

  LedbatTest() {
    bottleneck.rate = RATE;
    bottleneck.queue = (int) (RATE * 3 / 10);
    a.out = bottleneck;
    tcp.path = bottleneck;
    b.out = new SimulatedPath(simulation, random, a::arrived);
    a.toWrite = Long.MAX_VALUE;
    b.endWhenWritten = false;
  }

  private void pass(long seconds) {
    simulation.run(seconds * SECOND, () -> false);
  }

  @Test
  void shouldFillIdleBottleneckWithoutMoreQueueThanItsTarget() {
    a.dial();
    pass(20);
    long before = b.got;

    pass(20);

    assertThat((b.got - before) / 20.0).isGreaterThan(0.9 * RATE);
    assertThat(a.connection.stand().queueingMicros())
        .isBetween(Ledbat.TARGET / 2, Ledbat.TARGET * 3 / 2);
    assertThat(bottleneck.dropped).isZero();
  }

  @Test
  void shouldYieldToFlowThatFillsTheQueue() {
    a.dial();
    pass(20);
    tcp.send();
    pass(10);
    long before = b.got;
    long others = tcp.arrived;

    pass(60);

    double share = (b.got - before) / (double) (b.got - before + tcp.arrived - others);
    assertThat(share).isLessThan(0.15);
    assertThat(share).as("it is not starved for ever").isGreaterThan(0.001);
  }

  @Test
  void shouldTakeWhatIsLeftWhenTheOtherFlowIsGone() {
    a.dial();
    tcp.send();
    pass(30);
    tcp.path = new SimulatedPath(simulation, random, packet -> {});
    pass(10);
    long before = b.got;

    pass(20);

    assertThat((b.got - before) / 20.0).isGreaterThan(0.8 * RATE);
  }
}

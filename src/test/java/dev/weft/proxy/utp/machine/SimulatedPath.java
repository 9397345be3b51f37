package dev.weft.proxy.utp.machine;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;

/**
 * One direction of a path in simulated time: a bottleneck with a queue, then a delay, and what goes
 * wrong on the way.
 */
final class SimulatedPath {
  private final Simulation simulation;
  private final Random random;
  private final Consumer<byte[]> to;

  /** Bytes a second. */
  long rate = 12_500_000;

  /** Bytes that wait for the bottleneck. */
  int queue = 1 << 20;

  /** Microseconds. */
  long delay = 10_000;

  double loss;
  double duplication;

  /** Of this part each packet is late by up to so many microseconds. */
  double reordering;

  long lateness = 5_000;

  /** Longer packets do not get through. */
  int mtu = 65_535;

  long dropped;
  long sent;
  private long freeAt;

  SimulatedPath(Simulation simulation, Random random, Consumer<byte[]> to) {
    this.simulation = simulation;
    this.random = random;
    this.to = to;
  }

  void send(byte[] packet, int length) {
    sent++;
    long waiting = Math.max(0, freeAt - simulation.now()) * rate / 1_000_000;
    if (random.nextDouble() < loss || length + 28 > mtu || waiting + length > queue) {
      dropped++;
      return;
    }
    byte[] copy = Arrays.copyOf(packet, length);
    freeAt = Math.max(freeAt, simulation.now()) + Math.max(1, length * 1_000_000L / rate);
    deliver(copy);
    if (random.nextDouble() < duplication) {
      deliver(copy);
    }
  }

  private void deliver(byte[] packet) {
    long late = random.nextDouble() < reordering ? (long) (random.nextDouble() * lateness) : 0;
    simulation.at(freeAt + delay + late, () -> to.accept(packet));
  }
}

package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;
import java.util.TreeSet;

/** A flow like TCP Reno's that always has something to send. */
final class SimulatedTcp {
  private static final int PACKET = 1400;

  private final Simulation simulation;
  private final TreeSet<Integer> underWay = new TreeSet<>();
  private double window = 10;
  private double threshold = Double.MAX_VALUE;
  private int next;
  private int recovery;

  /** Its packets go here; {@link #delivered} gets what comes out. */
  SimulatedPath path;

  long arrived;

  SimulatedTcp(Simulation simulation) {
    this.simulation = simulation;
  }

  void send() {
    while (underWay.size() < window) {
      underWay.add(next);
      path.send(ByteBuffer.allocate(PACKET).putInt(next++).array(), PACKET);
    }
  }

  void delivered(byte[] packet) {
    arrived += packet.length;
    int number = ByteBuffer.wrap(packet).getInt();
    simulation.at(simulation.now() + path.delay, () -> acknowledged(number));
  }

  private void acknowledged(int number) {
    underWay.remove(number);
    window += window < threshold ? 1 : 1 / window;
    if (!underWay.headSet(number - 3).isEmpty()) {
      underWay.headSet(number - 3).clear();
      if (number >= recovery) {
        window = Math.max(2, window / 2);
        threshold = window;
        recovery = next;
      }
    }
    send();
  }
}

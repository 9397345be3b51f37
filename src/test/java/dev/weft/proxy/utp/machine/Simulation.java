package dev.weft.proxy.utp.machine;

import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/** Time that passes from event to event. */
final class Simulation {
  private record Event(long at, long order, Runnable work) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at == other.at ? Long.compare(order, other.order) : Long.compare(at, other.at);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now = 5_000_000;
  private long order;

  /** Microseconds. */
  long now() {
    return now;
  }

  void at(long when, Runnable work) {
    events.add(new Event(Math.max(now, when), order++, work));
  }

  /** Runs until a condition holds or nothing happens any more or the time is over. */
  void run(long micros, BooleanSupplier done) {
    long end = now + micros;
    while (!done.getAsBoolean() && !events.isEmpty() && events.peek().at <= end) {
      Event next = events.poll();
      now = next.at;
      next.work.run();
    }
    if (!done.getAsBoolean()) {
      now = end;
    }
  }
}

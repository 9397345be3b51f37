package dev.weft.mesh.link;

import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that jumps from one event to the next; what is due at the same time keeps its order. */
public final class SimulatedClock {
  private record Event(long at, long order, Runnable work) {}

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));

  private long now;
  private long order;

  /** Nanoseconds since the beginning. */
  public long now() {
    return now;
  }

  public void after(long nanos, Runnable work) {
    events.add(new Event(now + nanos, order++, work));
  }

  /** Lets time pass, with all that happens in it. */
  public void pass(long nanos) {
    long end = now + nanos;
    while (!events.isEmpty() && events.peek().at <= end) {
      Event event = events.poll();
      now = event.at;
      event.work.run();
    }
    now = end;
  }
}

package dev.weft.dial;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs what is due when the test moves it. */
final class SimulatedTimer implements Attempts.Timer {
  private record Due(long at, Runnable work) {}

  private final List<Due> due = new ArrayList<>();
  private volatile long now;

  @Override
  public synchronized void after(Duration delay, Runnable work) {
    due.add(new Due(now + delay.toNanos(), work));
  }

  /** Nanoseconds, from 0. */
  long now() {
    return now;
  }

  void pass(Duration time) {
    List<Due> over;
    synchronized (this) {
      now += time.toNanos();
      over = due.stream().filter(d -> d.at() <= now).toList();
      due.removeAll(over);
    }
    over.forEach(d -> d.work().run());
  }
}

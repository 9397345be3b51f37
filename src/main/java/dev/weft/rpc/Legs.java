package dev.weft.rpc;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Brings the legs of moved streams in order: a leg is begun when the one before has ended. Legs
 * come in over several connections, so any event loop may call.
 *
 * <p>A stream is forgotten when it had no open leg for a while. A leg that does not see the one
 * before end within {@link #PATIENCE} is begun all the same: that one may never have arrived.
 */
final class Legs {
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Runs something later, on any thread. */
  interface Timer {
    void after(Duration delay, Runnable work);
  }

  /** A stream of one sender. */
  private record Key(String sender, String stream) {}

  private static final class Progress {
    private final Set<Integer> open = new HashSet<>();

    /** Legs that have ended and that a leg may still come after. */
    private final Set<Integer> over = new HashSet<>();

    /** What begins a leg, by the leg that it comes after. */
    private final Map<Integer, Runnable> waiting = new HashMap<>();
  }

  private final Timer timer;
  private final Map<Key, Progress> streams = new HashMap<>();

  Legs(Timer timer) {
    this.timer = timer;
  }

  /**
   * A leg has arrived.
   *
   * @param begin is run once, when it is this leg's turn, unless that is now
   * @return whether it is this leg's turn now
   */
  synchronized boolean arrived(String sender, Leg leg, Runnable begin) {
    Progress progress =
        streams.computeIfAbsent(new Key(sender, leg.stream()), key -> new Progress());
    progress.open.add(leg.number());
    if (leg.after() == Leg.NONE || progress.over.contains(leg.after())) {
      progress.over.removeIf(number -> number <= leg.after());
      return true;
    }
    progress.waiting.put(leg.after(), begin);
    timer.after(PATIENCE, () -> giveUp(progress, leg.after(), begin));
    return false;
  }

  /** A leg has ended, in whatever way. */
  void ended(String sender, Leg leg) {
    Key key = new Key(sender, leg.stream());
    Progress progress;
    synchronized (this) {
      progress = streams.get(key);
      progress.open.remove(leg.number());
      progress.over.add(leg.number());
    }
    begin(progress, leg.number());
    timer.after(PATIENCE, () -> forget(key, progress));
  }

  private void begin(Progress progress, int after) {
    Runnable begin;
    synchronized (this) {
      begin = progress.waiting.remove(after);
    }
    if (begin != null) {
      begin.run();
    }
  }

  /** Another leg may wait for the same one by now: its own patience counts. */
  private void giveUp(Progress progress, int after, Runnable begin) {
    boolean waits;
    synchronized (this) {
      waits = progress.waiting.remove(after, begin);
    }
    if (waits) {
      begin.run();
    }
  }

  private synchronized void forget(Key key, Progress progress) {
    if (progress.open.isEmpty()) {
      streams.remove(key, progress);
    }
  }

  /** Streams that are remembered. */
  synchronized int size() {
    return streams.size();
  }
}

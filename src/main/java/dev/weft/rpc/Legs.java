package dev.weft.rpc;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Puts the legs of moved streams in order: a leg begins when the leg before it has ended. Legs come
 * in over several connections, so any event loop may call. Where a leg goes on after a loss, the
 * earlier ones, on connections whose end this node may not have noticed, are abandoned.
 *
 * <p>A leg waits for at most {@link #PATIENCE}: the leg before it may never have arrived. A stream
 * without open legs is forgotten after the same time.
 */
final class Legs {
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Why an earlier leg ends when the stream goes on after a loss. */
  static final String ABANDONED = "the stream goes on over another connection";

  /** Runs something later, on any thread. */
  interface Timer {
    void after(Duration delay, Runnable work);
  }

  /** A stream of one sender. */
  private record Key(String sender, String stream) {}

  private static final class Progress {
    /** The legs that have not ended, and what drops the rest of each. */
    private final SortedMap<Integer, Runnable> open = new TreeMap<>();

    /** Legs that have ended and that another leg may still follow. */
    private final Set<Integer> over = new HashSet<>();

    /** What begins a leg, by the number of the leg that it waits for. */
    private final Map<Integer, Runnable> waiting = new HashMap<>();

    /** The last leg that took over; one before it that is late does not count any more. */
    private int first;

    /** Forgets all earlier legs; what drops those that have not ended. */
    List<Runnable> takeOver(int number) {
      first = number;
      SortedMap<Integer, Runnable> earlier = open.headMap(number);
      List<Runnable> abandoned = List.copyOf(earlier.values());
      earlier.clear();
      over.removeIf(leg -> leg < number);
      waiting.keySet().removeIf(leg -> leg < number);
      return abandoned;
    }
  }

  private final Timer timer;
  private final Map<Key, Progress> streams = new HashMap<>();

  Legs(Timer timer) {
    this.timer = timer;
  }

  /**
   * A leg has arrived.
   *
   * @param begin is run once, when it is this leg's turn; not if it is now
   * @param abandon is run if a later leg takes over, whether this one has begun or not
   * @return whether it is this leg's turn now
   */
  boolean arrived(String sender, Leg leg, Runnable begin, Runnable abandon) {
    List<Runnable> abandoned = List.of();
    synchronized (this) {
      Progress progress =
          streams.computeIfAbsent(new Key(sender, leg.stream()), key -> new Progress());
      if (leg.number() < progress.first) {
        abandon.run();
        return false;
      }
      if (leg.after() == Leg.NONE) {
        abandoned = progress.takeOver(leg.number());
      }
      progress.open.put(leg.number(), abandon);
      if (leg.after() != Leg.NONE && !progress.over.contains(leg.after())) {
        progress.waiting.put(leg.after(), begin);
        timer.after(PATIENCE, () -> giveUp(progress, leg.after(), begin));
        return false;
      }
      progress.over.removeIf(number -> number <= leg.after());
    }
    abandoned.forEach(Runnable::run);
    return true;
  }

  /** A leg has ended or has failed. */
  void ended(String sender, Leg leg) {
    Key key = new Key(sender, leg.stream());
    Progress progress;
    Runnable begin;
    synchronized (this) {
      progress = streams.get(key);
      if (progress == null) {
        // A sender that used a number twice: the stream was forgotten with the first.
        return;
      }
      progress.open.remove(leg.number());
      progress.over.add(leg.number());
      begin = progress.waiting.remove(leg.number());
    }
    timer.after(PATIENCE, () -> forget(key, progress));
    if (begin != null) {
      begin.run();
    }
  }

  /** Begins a leg that has waited long enough, unless another leg waits in its place by now. */
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

  /** The number of streams that are not forgotten. */
  synchronized int size() {
    return streams.size();
  }
}

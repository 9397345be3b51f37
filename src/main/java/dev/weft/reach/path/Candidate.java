package dev.weft.reach.path;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** An address where a node may be, and what has been heard from there. */
final class Candidate {
  private static final long FIRST = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long LONGEST = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST_SLOW = TimeUnit.SECONDS.toNanos(5);
  private static final long CLOSEST = TimeUnit.MILLISECONDS.toNanos(20);

  /** Two lengths, two sessions, each 50 ms: those of 800 ms. */
  private static final int PROBES = 64;

  private final InetSocketAddress at;

  /** Whether somebody has named it, and not only datagrams have come from there. */
  private boolean given;

  /** Whether something sealed has come from there. */
  private boolean heard;

  private long begunAt;
  private long nextAt;
  private long interval;

  // The last probes.
  private final long[] counters = new long[PROBES];
  private final long[] sentAt = new long[PROBES];
  private final boolean[] whole = new boolean[PROBES];
  private int probes;
  private boolean hasProbed;
  private long lastAt;

  /** When the oldest probe was sent that is not answered, as none after it is. */
  private long askedAt;

  private boolean asked;

  /** The same of probes of full length. */
  private long askedWholeAt;

  private boolean askedWhole;
  private boolean answered;
  private boolean carriesWhole;
  private long echoAt;
  private int echoes;
  private long rtt;

  Candidate(InetSocketAddress at, boolean given, long now) {
    this.at = at;
    this.given = given;
    again(now);
  }

  InetSocketAddress at() {
    return at;
  }

  boolean given() {
    return given;
  }

  /** Something sealed has come from there; whether for the first time. */
  boolean hear() {
    boolean first = !heard;
    heard = true;
    return first;
  }

  boolean heard() {
    return heard;
  }

  void give() {
    given = true;
  }

  /** Begins to try, quickly at first. */
  void again(long now) {
    begunAt = now;
    nextAt = now;
    interval = FIRST;
    answered = false;
    carriesWhole = false;
    asked = false;
    askedWhole = false;
    echoes = 0;
  }

  long begunAt() {
    return begunAt;
  }

  long nextAt() {
    return nextAt;
  }

  void next(long at) {
    nextAt = at;
  }

  /** Has a turn at this time if it would have had one later, but not right after the last one. */
  void hasten(long at) {
    long earliest = hasProbed && at - lastAt < CLOSEST ? lastAt + CLOSEST : at;
    if (nextAt - earliest > 0) {
      nextAt = earliest;
    }
  }

  /** One try has been made. */
  void tried(long now, boolean quick) {
    nextAt = now + interval;
    interval = Math.min(quick ? LONGEST : LONGEST_SLOW, interval + interval / 4);
  }

  void probed(long counter, boolean wholeOne, long now) {
    int i = probes;
    probes = (probes + 1) % PROBES;
    hasProbed = true;
    lastAt = now;
    counters[i] = counter;
    sentAt[i] = now;
    whole[i] = wholeOne;
    if (!asked) {
      asked = true;
      askedAt = now;
    }
    if (wholeOne && !askedWhole) {
      askedWhole = true;
      askedWholeAt = now;
    }
  }

  /** Whether an echo that came from here is the answer to a probe that was sent here. */
  boolean echoed(long counter, long now) {
    for (int i = 0; i < PROBES; i++) {
      if (counters[i] == counter && counter != 0) {
        long took = now - sentAt[i];
        rtt = echoes == 0 ? took : rtt + (took - rtt) / 8;
        echoes++;
        answered = true;
        carriesWhole |= whole[i];
        echoAt = now;
        asked = false;
        askedWhole &= !whole[i];
        counters[i] = 0;
        return true;
      }
    }
    return false;
  }

  /** Whether a short probe was answered. */
  boolean answered() {
    return answered;
  }

  /** Whether datagrams of full length get there. */
  boolean carriesWhole() {
    return carriesWhole;
  }

  /** For how long probes have not been answered, nanoseconds; 0 if the last one was. */
  long unanswered(long now) {
    return asked ? now - askedAt : 0;
  }

  /** The same of probes of full length. */
  long unansweredWhole(long now) {
    return askedWhole ? now - askedWholeAt : 0;
  }

  long silent(long now) {
    return now - echoAt;
  }

  int echoes() {
    return echoes;
  }

  /** Round trip, smoothed, nanoseconds. */
  long rtt() {
    return rtt;
  }
}

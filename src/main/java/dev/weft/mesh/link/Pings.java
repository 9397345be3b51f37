package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.util.random.RandomGenerator;

/**
 * When to ping, and what pings tell: the round-trip time, and whether the link is alive.
 *
 * <p>Any frame proves life. After half a second of silence a ping goes out. A half second without
 * an answer is a miss, and after three of them the link is down, until the next frame. Within a
 * miss the ping is repeated, so that a link that loses one frame in ten does not seem to be dead.
 *
 * <p>A link that is cut in one direction only still brings frames to one end, and the other end
 * pings again and again. So the first ping after a miss has the next id, any other ping a random
 * one: an end that sees two ids in sequence is in doubt whether it is heard. It pings, and until it
 * is answered frames alone do not prove life.
 */
final class Pings {
  static final long SILENCE = MILLISECONDS.toNanos(500);
  static final int MISSES = 3;

  /** The time between two pings when a doubt arises, at least. */
  private static final long DOUBT_SPACING = MILLISECONDS.toNanos(100);

  /** The time between pings within a miss, at least; with a longer RTT one and a half of it. */
  private static final long REPEAT = MILLISECONDS.toNanos(125);

  /** Pings whose answers are awaited: those of two seconds. */
  private static final int AWAITED = 16;

  private final RandomGenerator random;
  private final RoundTrip roundTrip = new RoundTrip();
  private boolean started;
  private boolean up;
  private boolean doubt;

  /** When the latest frame arrived; in doubt, when the doubt arose. */
  private long heard;

  /** Rings: ping i stands at i % AWAITED. */
  private final long[] ids = new long[AWAITED];

  private final long[] sent = new long[AWAITED];
  private final boolean[] awaited = new boolean[AWAITED];

  /** Place of the latest ping in the rings. */
  private int latest;

  /** Pings since {@link #heard}. */
  private int unanswered;

  /** When the first of them was sent. */
  private long asking;

  /** Half seconds since then. */
  private long misses;

  /**
   * From when on a ping is welcome for the sake of the round-trip time. It waits for a frame that
   * carries it, but no longer than an eighth of the spacing.
   */
  private long sampleAt;

  /** The latest ping of the other end. */
  private long asked;

  private boolean wasAsked;

  Pings(RandomGenerator random) {
    this.random = random;
  }

  /** Both ends know each other: the link is up. */
  void start(long now) {
    started = true;
    up = true;
    heard = now;
    sampleAt = now;
  }

  boolean started() {
    return started;
  }

  boolean up() {
    return up;
  }

  RoundTrip roundTrip() {
    return roundTrip;
  }

  /** Whether a frame that goes out now should ping. */
  boolean welcome(long now) {
    return started && (now >= due() || (unanswered == 0 && now >= sampleAt));
  }

  /** When a ping must go out, or the link has been silent for too long. */
  long due() {
    if (!started) {
      return Long.MAX_VALUE;
    }
    if (unanswered > 0) {
      return up ? Math.min(sent[latest] + repeat(), missed()) : missed();
    }
    return doubt ? heard : Math.min(heard + SILENCE, sampleAt + roundTrip.spacing() / 8);
  }

  private long repeat() {
    return Math.min(SILENCE, Math.max(REPEAT, MICROSECONDS.toNanos(roundTrip.micros() * 3 / 2)));
  }

  /** When there has been one more miss. */
  private long missed() {
    return asking + (misses + 1) * SILENCE;
  }

  /** Takes the link down if it is time. */
  void expire(long now) {
    // Few pings in all that time: this end stood still, not the link.
    if (up && unanswered >= MISSES && now >= asking + MISSES * SILENCE) {
      up = false;
    }
  }

  /** The id of a ping that goes out now. */
  long ping(long now) {
    expire(now);
    long id;
    if (unanswered > 0 && now >= missed()) {
      misses = (now - asking) / SILENCE;
      id = ids[latest] + 1;
    } else {
      id = random.nextLong();
    }
    if (unanswered == 0) {
      asking = now;
      misses = 0;
    }
    latest = (latest + 1) % AWAITED;
    ids[latest] = id;
    sent[latest] = now;
    awaited[latest] = true;
    unanswered++;
    sampleAt = now + Math.max(SILENCE, roundTrip.spacing());
    return id;
  }

  /** A frame arrived. */
  void heard(long now) {
    if (started && !doubt) {
      heard = now;
      unanswered = 0;
      up = true;
    }
  }

  /** The other end heard this one. */
  void proved(long now) {
    doubt = false;
    heard(now);
  }

  /** Whether the other end hears this one must be found out. */
  void doubt(long now) {
    if (started && !doubt) {
      doubt = true;
      heard = Math.max(now, sent[latest] + DOUBT_SPACING);
      unanswered = 0;
    }
  }

  /** The other end pinged. */
  void asked(long id, long now) {
    boolean again = wasAsked && id == asked + 1;
    wasAsked = true;
    asked = id;
    if (again) {
      doubt(now);
    }
  }

  /**
   * The other end answered a ping.
   *
   * @param queueMicros how long it says that the ping waited
   * @return whether this is a sample of the round-trip time: not if no such ping is awaited, nor if
   *     it claims to have waited longer than it was away
   */
  boolean answered(long id, long queueMicros, long now) {
    for (int i = 0; i < AWAITED; i++) {
      if (awaited[i] && ids[i] == id) {
        awaited[i] = false;
        proved(now);
        return sample(NANOSECONDS.toMicros(now - sent[i]), queueMicros, i, now);
      }
    }
    return false;
  }

  private boolean sample(long away, long queue, int place, long now) {
    boolean possible = queue >= 0 && queue <= away;
    if (possible) {
      roundTrip.add(away - queue, now);
    }
    if (place == latest) {
      sampleAt = sent[latest] + roundTrip.spacing();
    }
    return possible;
  }
}

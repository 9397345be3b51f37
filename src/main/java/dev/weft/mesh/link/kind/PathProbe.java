package dev.weft.mesh.link.kind;

import java.util.concurrent.TimeUnit;

/**
 * Finds out, and keeps finding out, whether a path carries datagrams of a whole frame. QUIC does
 * not know: it sends what it is told to, and what is too long for the path is lost like anything
 * else. Pure: no clock, no channel.
 *
 * <p>A round is a long probe and a short one right behind it. If the answer to the short one comes
 * and that to the long one does not, a few times in a row, then long ones do not pass: this needs
 * no knowledge of the round-trip time, and random loss hits both alike.
 */
final class PathProbe {
  interface Output {
    /**
     * Sends a probe.
     *
     * @param isLong as long as a datagram can be
     */
    void probe(int id, boolean isLong);

    /** The path carries datagrams; told once, and again whenever {@code whole} has changed. */
    void carries(boolean whole);

    /** Nothing came back for 5 s; told once, then nothing more. */
    void failed();
  }

  private static final long OPENING = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long GIVE_UP = TimeUnit.SECONDS.toNanos(5);
  private static final long WATCH = TimeUnit.MILLISECONDS.toNanos(300);
  private static final long FIRST_RETRY = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long LAST_RETRY = TimeUnit.SECONDS.toNanos(8);

  /** Short answers without the long one before frames are halved. */
  private static final int MISSES_OPENING = 3;

  private static final int MISSES = 4;

  /** A round's probes have the ids 2n and 2n + 1, of 16 bits. */
  private static final int ROUNDS = 1 << 15;

  private enum State {
    OPENING,
    WHOLE,
    HALVES,
    FAILED
  }

  private final Output output;
  private final boolean possible;
  private State state = State.OPENING;

  /** When the first round was that has no answer. */
  private long started;

  private boolean answered = true;
  private long deadline = Long.MAX_VALUE;
  private long retry = FIRST_RETRY;
  private int round;
  private int longAnswered = -1;
  private int misses;

  /** Long frames were sent after the last round's probe. */
  private boolean again;

  /**
   * @param possible whether QUIC itself would take datagrams of a whole frame
   */
  PathProbe(boolean possible, Output output) {
    this.possible = possible;
    this.output = output;
  }

  void start(long now) {
    round(now, OPENING);
  }

  /** When {@link #expire} is due; {@link Long#MAX_VALUE} for never. */
  long deadline() {
    return deadline;
  }

  boolean isOpen() {
    return state == State.WHOLE || state == State.HALVES;
  }

  /**
   * Whether long frames are to be sent whole. Not while there is a doubt: what is lost takes QUIC's
   * window with it, and then not even a short probe would be sent any more.
   */
  boolean whole() {
    return state == State.WHOLE && misses == 0;
  }

  /** Whether {@link #sendsLong} would change anything. */
  boolean watches() {
    return whole() && !again;
  }

  /**
   * A long frame is about to be sent whole: whether such ones still pass is worth a look, before
   * the frames themselves fill QUIC's window.
   */
  void sendsLong(long now) {
    if (deadline == Long.MAX_VALUE) {
      round(now, WATCH);
    } else {
      again = true;
    }
  }

  void expire(long now) {
    if (deadline == Long.MAX_VALUE || now - deadline < 0) {
      return;
    }
    switch (state) {
      case OPENING -> unanswered(now, OPENING);
      case WHOLE -> {
        if (misses > 0) {
          round(now, OPENING);
        } else if (!answered) {
          // What was sent before a path got worse may fill QUIC's window and queue for good.
          unanswered(now, WATCH);
        } else if (again) {
          again = false;
          round(now, WATCH);
        } else {
          deadline = Long.MAX_VALUE;
        }
      }
      case HALVES -> {
        retry = Math.min(retry * 2, LAST_RETRY);
        round(now, retry);
      }
      case FAILED -> deadline = Long.MAX_VALUE;
    }
  }

  private void unanswered(long now, long next) {
    if (now - started >= GIVE_UP) {
      state = State.FAILED;
      deadline = Long.MAX_VALUE;
      output.failed();
    } else {
      round(now, next);
    }
  }

  private void round(long now, long next) {
    if (answered) {
      answered = false;
      started = now;
    }
    round = (round + 1) % ROUNDS;
    deadline = now + next;
    if (possible) {
      output.probe(round * 2 + 1, true);
    }
    if (state != State.HALVES) {
      output.probe(round * 2, false);
    }
  }

  void answered(int id, long now) {
    boolean isLong = id % 2 == 1;
    int of = id / 2;
    answered = true;
    if (isLong) {
      longAnswered = of;
      misses = 0;
      if (state == State.OPENING || state == State.HALVES) {
        become(State.WHOLE);
        deadline = Long.MAX_VALUE;
      }
    } else if (longAnswered < 0 || Math.floorMod(longAnswered - of, ROUNDS) > ROUNDS / 2) {
      missed(now);
    }
  }

  private void missed(long now) {
    misses++;
    if ((state == State.OPENING && (misses >= MISSES_OPENING || !possible))
        || (state == State.WHOLE && misses >= MISSES)) {
      become(State.HALVES);
      misses = 0;
      retry = FIRST_RETRY;
      deadline = possible ? now + retry : Long.MAX_VALUE;
    } else if (state == State.WHOLE) {
      deadline = now + OPENING;
    }
  }

  private void become(State next) {
    state = next;
    output.carries(next == State.WHOLE);
  }
}

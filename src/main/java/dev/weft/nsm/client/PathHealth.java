package dev.weft.nsm.client;

import dev.weft.nsm.connection.PathProbes.Heard;
import java.time.Duration;
import java.time.Instant;

/**
 * What the probes of one connection's path have shown. A path is dead after five probes in a row
 * without any sign of life; frames that arrive without an answer show that one direction carries,
 * and let it be dead only after fifteen. Each time that the connection was moved for it, it takes
 * twice as long, until it has been answering for a while: an endpoint that stops to answer on
 * purpose shall not be left again and again.
 */
final class PathHealth {
  private static final int NOTHING = 3;
  private static final int FRAMES = 1;
  private static final int DEAD = 5 * NOTHING;
  private static final int DOUBTFUL = 3 * NOTHING;
  private static final int MOST_DOUBLINGS = 4;

  /** Answers in a row after which a path is trusted as if it had never been dead. */
  private static final int TRUSTED = 60;

  private boolean proven;
  private Instant answered;

  /** Whether it was answered since it was new, down or gone. */
  private boolean carrying;

  private Instant silent;
  private int score;
  private int answers;
  private int moves;

  /** The result of a probe. */
  void heard(Heard heard, Instant now) {
    switch (heard) {
      case ANSWER -> {
        proven = true;
        answered = now;
        carrying = true;
        silent = null;
        score = 0;
        answers++;
        moves = answers >= TRUSTED ? 0 : moves;
      }
      case FRAMES -> missed(FRAMES, now);
      case NOTHING -> missed(NOTHING, now);
      case UNASKED -> carrying = false;
    }
  }

  private void missed(int weight, Instant now) {
    silent = silent == null ? now : silent;
    answers = 0;
    score = Math.min(score + weight, DEAD << MOST_DOUBLINGS);
  }

  /** Whether the path has ever been answered: others may be such that they never are. */
  boolean isProven() {
    return proven;
  }

  /** Whether it does not carry any more. */
  boolean isDead() {
    return score >= DEAD << Math.min(moves, MOST_DOUBLINGS);
  }

  /**
   * Whether its probes are answered, but for one or two. Rounds count, not time: a node that is
   * held up itself knows no less of its paths.
   */
  boolean carries() {
    return carrying && score < DOUBTFUL;
  }

  /** How long it has not been answered. */
  Duration silence(Instant now) {
    return silent == null
        ? Duration.ZERO
        : Duration.between(answered == null ? silent : answered, now);
  }

  /** The connection is moved because this path is dead. */
  void moved() {
    moves++;
    renewed();
  }

  /** The connection has another path. */
  void renewed() {
    proven = false;
    answered = null;
    carrying = false;
    silent = null;
    score = 0;
    answers = 0;
  }
}

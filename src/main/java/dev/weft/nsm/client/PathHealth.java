package dev.weft.nsm.client;

import dev.weft.nsm.connection.PathProbes.Heard;
import java.time.Duration;
import java.time.Instant;

/**
 * What the looks at one connection's path have shown, which follow each other by {@value
 * #LOOK_MILLIS} ms while it is not answered. A path is dead after eight looks without any sign of
 * life; frames that arrive without an answer show that one direction carries, and let it be dead
 * only after forty. After {@link #isGone twenty-five} it is gone, even if nobody says that the node
 * at its other end is there.
 *
 * <p>A path that was silent for long and answered then is given twice that from then on; and each
 * time that the connection was moved for it, it takes twice as long: an endpoint that stops to
 * answer on purpose shall not be left again and again. Both until it has been answering for a
 * while.
 */
final class PathHealth {
  static final int LOOK_MILLIS = 200;

  private static final int NOTHING = 5;
  private static final int FRAMES = 1;
  private static final int DEAD = 8 * NOTHING;
  private static final int GONE = 25 * NOTHING;
  private static final int MOST_DOUBLINGS = 4;

  /** Answers in a row, each soon, after which a path is trusted as if it had never been silent. */
  private static final int TRUSTED = 60;

  private boolean proven;
  private Instant answered;

  /** Whether it was answered since it was new, down or gone. */
  private boolean carrying;

  private Instant silent;
  private int score;
  private int answers;
  private int moves;

  /** What silences that ended by an answer have shown to be no death. */
  private int slack;

  /** The result of a look at a path that was asked. */
  void heard(Heard heard, Instant now) {
    switch (heard) {
      case ANSWER -> answered(now);
      case FRAMES -> missed(FRAMES, now);
      case NOTHING -> missed(NOTHING, now);
      case UNASKED -> carrying = false;
    }
  }

  private void answered(Instant now) {
    // Until its first answer a new path may have been in the making.
    if (carrying && score > DEAD / 2) {
      slack = Math.min(Math.max(slack, 2 * score), DEAD << MOST_DOUBLINGS);
      answers = 0;
    }
    proven = true;
    answered = now;
    carrying = true;
    silent = null;
    score = 0;
    answers++;
    if (answers >= TRUSTED) {
      moves = 0;
      slack = 0;
    }
  }

  private void missed(int weight, Instant now) {
    silent = silent == null ? now : silent;
    score = Math.min(score + weight, GONE << MOST_DOUBLINGS);
  }

  /** Whether the path has ever been answered: others may be such that they never are. */
  boolean isProven() {
    return proven;
  }

  /** Whether it does not carry any more. */
  boolean isDead() {
    return score >= patience();
  }

  /** Whether it has not carried for so long that it does not matter why. */
  boolean isGone() {
    return score >= patience() + ((GONE - DEAD) << doublings());
  }

  private int patience() {
    return Math.max(DEAD << doublings(), slack);
  }

  private int doublings() {
    return Math.min(moves, MOST_DOUBLINGS);
  }

  /**
   * Whether its probes are answered, be it late. Looks count, not time: a node that is held up
   * itself knows no less of its paths.
   */
  boolean carries() {
    return carrying && score < DEAD;
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

package dev.weft.nsm.connection;

import dev.weft.nsm.ConnectionState;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * The life of a connection as one of its nodes sees it. Immutable and pure: an event gives the next
 * state, the same event again changes nothing, and an event that a state does not know leaves the
 * state as it is.
 *
 * <pre>
 *  (a {@link PendingConnection} waits for an endpoint)    (this node starts)
 *             | agreed                                           | restored
 *             v                                                  |
 *          JOINING ----- joined, its way is up ---> UP           |
 *           |    |                                 ^  |          |
 *           |    |                          way up |  | way down |
 *           |    |                                 |  v          |
 *           |    +--- joined, its way is not up -> DOWN <--------+
 *           |                                      |  |
 *           |                     lost, from UP too|  ^ joined (to UP, if its way is up)
 *           |                                      v  |
 *           |                 LOST --- begun ---> HEALING
 *           |                   ^                  |  |
 *           |                   +----- failed -----+  | failed, and there is no time left
 *           |                                         v
 *           +------------------ failed -----------> ENDING --- ended ---> ENDED
 * </pre>
 *
 * <p>{@code ending} leads from every state to ENDING, which repeats the removal until it succeeds;
 * an end is never taken back. UP is reached only by {@code joined} or {@code wayUp}: the interface
 * on this node exists, and frames cross; and from MUTE by {@code answered}. {@code muted} leads
 * from UP to MUTE, where nothing answers through the interface and no other endpoint can be had: it
 * goes on as from DOWN.
 *
 * @param wayUp whether frames cross, as far as this node was told
 * @param reason why the connection is not up; null if it is
 * @param changed when the published state last changed
 * @param absent since when the other end's node or endpoint is away; null if both are there
 * @param retry when the next attempt is due, in LOST and ENDING; null while one is under way
 * @param healed since when it is being healed: from the start of its first attempt, less the time
 *     that attempts which were due waited for their turn, or later, when another connection of its
 *     service last healed; null before
 */
public record ConnectionLife(
    Phase phase,
    boolean wayUp,
    String reason,
    Instant changed,
    Instant absent,
    Instant retry,
    Instant healed) {
  private static final String UNSEEN = "not checked since the node's start";

  /** The states, and what is published of each. */
  public enum Phase {
    /** Its interfaces are being created for the first time. */
    JOINING(ConnectionState.JOINING),
    /** Its interface exists, frames do not cross: the wire comes up again without this room. */
    DOWN(ConnectionState.JOINING),
    /** Its interface exists and frames cross. */
    UP(ConnectionState.UP),
    /** Its interface exists and its way seems up, but nothing answers through it. */
    MUTE(ConnectionState.HEALING),
    /** Its endpoint or an interface is lost; the next attempt to replace it is due later. */
    LOST(ConnectionState.HEALING),
    /** An attempt to replace the lost endpoint or interface is under way. */
    HEALING(ConnectionState.HEALING),
    /** It is being removed, or the next attempt to remove it is due later. */
    ENDING(ConnectionState.HEALING),
    /** It is gone from this node. */
    ENDED(null);

    private final ConnectionState published;

    Phase(ConnectionState published) {
      this.published = published;
    }

    private boolean stands() {
      return this == UP || this == DOWN || this == MUTE;
    }
  }

  /** Client and endpoint agreed; the interfaces are being created. */
  public static ConnectionLife agreed(Instant now) {
    return new ConnectionLife(Phase.JOINING, false, null, now, null, null, null);
  }

  /** Read from disk at this node's start; whether its interface still exists is not known yet. */
  public static ConnectionLife restored(Instant now) {
    return new ConnectionLife(Phase.DOWN, false, UNSEEN, now, null, null, null);
  }

  public boolean is(Phase other) {
    return phase == other;
  }

  /** Whether its interface exists on this node and no attempt to change it is due or under way. */
  public boolean stands() {
    return phase.stands();
  }

  /** Whether it ends or ended. */
  public boolean isOver() {
    return phase == Phase.ENDING || phase == Phase.ENDED;
  }

  /** Whether its interface was not checked since this node started. */
  boolean isUnseen() {
    return UNSEEN.equals(reason);
  }

  /** Whether an attempt is to be begun now. */
  public boolean due(Instant now) {
    return retry != null && !retry.isAfter(now);
  }

  /** What is published; null once it ended. */
  public ConnectionState state() {
    return phase.published;
  }

  /** Its interface on this node was created. */
  public ConnectionLife joined(Instant now) {
    if (phase != Phase.JOINING && phase != Phase.HEALING) {
      return this;
    }
    return wayUp ? to(Phase.UP, null, now) : to(Phase.DOWN, "its way is not up yet", now);
  }

  /** Frames cross. */
  public ConnectionLife wayUp(Instant now) {
    ConnectionLife next = new ConnectionLife(phase, true, reason, changed, absent, retry, healed);
    return phase == Phase.DOWN ? next.to(Phase.UP, null, now) : next;
  }

  /** Frames do not cross; the wire comes up again without this room. */
  public ConnectionLife wayDown(String why, Instant now) {
    ConnectionLife next = new ConnectionLife(phase, false, reason, changed, absent, retry, healed);
    return stands() ? next.to(Phase.DOWN, why, now) : next;
  }

  /** Nothing answers through its interface any more. */
  public ConnectionLife muted(String why, Instant now) {
    return phase == Phase.UP || phase == Phase.MUTE ? to(Phase.MUTE, why, now) : this;
  }

  /** The other end answered through its interface. */
  public ConnectionLife answered(Instant now) {
    return phase != Phase.MUTE
        ? this
        : wayUp ? to(Phase.UP, null, now) : to(Phase.DOWN, "its way is not up", now);
  }

  /** The endpoint or an interface is gone and does not come back without an attempt to heal. */
  public ConnectionLife lost(String why, Instant now) {
    return stands() ? to(Phase.LOST, why, now).retryAt(now) : this;
  }

  /** The other end's node or endpoint is away, and counts as lost after the grace. */
  public ConnectionLife absent(String why, Duration grace, Instant now) {
    if (!stands()) {
      return this;
    }
    Instant since = absent == null ? now : absent;
    return since.plus(grace).isAfter(now)
        ? new ConnectionLife(phase, wayUp, reason, changed, since, retry, healed)
        : lost(why, now);
  }

  /** The other end's node and endpoint are there. */
  public ConnectionLife present() {
    return absent == null
        ? this
        : new ConnectionLife(phase, wayUp, reason, changed, null, retry, healed);
  }

  /** The next attempt is due now: a change elsewhere may let it succeed. */
  public ConnectionLife hastened(Instant now) {
    return retry != null && retry.isAfter(now) ? retryAt(now) : this;
  }

  /** An attempt begins, if one is due; it takes down the former wire or link first. */
  public ConnectionLife begun(Instant now) {
    if (!due(now)) {
      return this;
    }
    if (phase != Phase.LOST) {
      return new ConnectionLife(phase, false, reason, changed, absent, null, null);
    }
    Instant since = healed == null ? now : healed.plus(Duration.between(retry, now));
    return new ConnectionLife(Phase.HEALING, false, reason, changed, absent, null, since);
  }

  /**
   * Another connection of its service healed at that time: what this one waits for is there, and
   * busy, so that its own time to heal counts from then on.
   */
  public ConnectionLife outlasted(Instant other) {
    return phase == Phase.HEALING && healed.isBefore(other)
        ? new ConnectionLife(phase, wayUp, reason, changed, absent, retry, other)
        : this;
  }

  /**
   * The attempt that was under way failed.
   *
   * @param wait until the next one
   * @param patience how long it may heal in all, without the time that it waited for its turns
   */
  public ConnectionLife failed(String why, Duration wait, Duration patience, Instant now) {
    return switch (phase) {
      case JOINING -> ending(why, now);
      case HEALING ->
          healed.plus(patience).isAfter(now)
              ? to(Phase.LOST, why, now).retryAt(earlier(now.plus(wait), healed.plus(patience)))
              : ending("no other endpoint within " + patience.toSeconds() + " s: " + why, now);
      case ENDING -> retry == null ? retryAt(now.plus(wait)) : this;
      default -> this;
    };
  }

  /** It is to end. */
  public ConnectionLife ending(String why, Instant now) {
    return isOver() ? this : to(Phase.ENDING, why, now).retryAt(now);
  }

  /** Its interfaces are removed, and this node has forgotten it. */
  public ConnectionLife ended(Instant now) {
    return phase == Phase.ENDING ? to(Phase.ENDED, reason, now) : this;
  }

  private ConnectionLife to(Phase next, String why, Instant now) {
    boolean same = phase.published == next.published;
    boolean noChange = phase == next && Objects.equals(reason, why) && retry == null;
    return noChange
        ? this
        : new ConnectionLife(
            next,
            wayUp,
            why,
            same ? changed : now,
            next.stands() ? absent : null,
            null,
            next == Phase.LOST ? healed : null);
  }

  private ConnectionLife retryAt(Instant at) {
    return new ConnectionLife(phase, wayUp, reason, changed, absent, at, healed);
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }
}

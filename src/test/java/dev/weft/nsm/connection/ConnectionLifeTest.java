package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.connection.ConnectionLife.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ConnectionLifeTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration WAIT = Duration.ofSeconds(1);

  /** Everything that can happen to a connection. */
  enum Event {
    JOINED,
    WAY_UP,
    WAY_DOWN,
    MUTED,
    ANSWERED,
    LOST,
    ABSENT,
    PRESENT,
    HASTENED,
    BEGUN,
    FAILED,
    ENDING,
    ENDED;

    ConnectionLife on(ConnectionLife life, Instant now) {
      return switch (this) {
        case JOINED -> life.joined(now);
        case WAY_UP -> life.wayUp(now);
        case WAY_DOWN -> life.wayDown("the wire is down", now);
        case MUTED -> life.muted("nothing answers", now);
        case ANSWERED -> life.answered(now);
        case LOST -> life.lost("its interface is gone", now);
        case ABSENT -> life.absent("the endpoint is gone", GRACE, now);
        case PRESENT -> life.present();
        case HASTENED -> life.hastened(now);
        case BEGUN -> life.begun(now);
        case FAILED -> life.failed("nobody answers", WAIT, PATIENCE, now);
        case ENDING -> life.ending("closed", now);
        case ENDED -> life.ended(now);
      };
    }
  }

  /** The next step of a history whose steps are 0.7 s apart. */
  private static ConnectionLife step(ConnectionLife life, Event event, int number) {
    return event.on(life, START.plusMillis(700L * number));
  }

  @Property
  void shouldNeverBeUpWithoutAnInterfaceThatStandsAndAWayThatIsUp(
      @ForAll @Size(max = 40) List<Event> events) {
    ConnectionLife life = ConnectionLife.agreed(START);
    boolean stands = false;
    boolean way = false;
    boolean mute = false;
    for (int i = 0; i < events.size(); i++) {
      Event event = events.get(i);
      boolean attempt = life.is(Phase.JOINING) || life.is(Phase.HEALING);
      boolean began = event == Event.BEGUN && life.due(START.plusMillis(700L * i));
      stands = event == Event.JOINED ? stands || attempt : stands;
      way = event == Event.WAY_UP || (way && event != Event.WAY_DOWN && !began);
      mute =
          (mute && event != Event.ANSWERED && way) || (event == Event.MUTED && life.is(Phase.UP));
      life = step(life, event, i);
      stands &= life.stands();
      mute &= stands;

      assertThat(life.is(Phase.UP)).as(events + " at " + i).isEqualTo(stands && way && !mute);
      assertThat(life.state() == ConnectionState.UP).isEqualTo(life.is(Phase.UP));
      assertThat(life.reason() == null)
          .as("a reason unless it is up or being made: " + life)
          .isEqualTo(life.is(Phase.UP) || life.is(Phase.JOINING));
    }
  }

  @Property
  void shouldNotChangeByTheSameEventAgain(
      @ForAll @Size(max = 20) List<Event> events, @ForAll Event event) {
    ConnectionLife life = history(events);
    Instant now = START.plusSeconds(60);

    ConnectionLife once = event.on(life, now);

    assertThat(event.on(once, now)).isEqualTo(once);
  }

  @Property
  void shouldNeverTakeBackAnEnd(
      @ForAll @Size(max = 20) List<Event> before, @ForAll @Size(max = 20) List<Event> after) {
    ConnectionLife ending = history(before).ending("closed", START.plusSeconds(60));
    ConnectionLife ended = ending.ended(START.plusSeconds(60));
    for (int i = 0; i < after.size(); i++) {
      ending = step(ending, after.get(i), 100 + i);
      ended = step(ended, after.get(i), 100 + i);

      assertThat(ending.isOver()).isTrue();
      assertThat(ended.is(Phase.ENDED)).isTrue();
      assertThat(ended.state()).isNull();
    }
  }

  @Property
  void shouldTryToHealUntilItEndsInTime(@ForAll @IntRange(min = 100, max = 8000) int waitMillis) {
    ConnectionLife life = up().lost("its interface is gone", START);
    Instant now = START;
    while (!life.is(Phase.ENDING)) {
      assertThat(life.due(now)).isTrue();
      life = life.begun(now);
      assertThat(life.is(Phase.HEALING)).isTrue();
      life = life.failed("nobody answers", Duration.ofMillis(waitMillis), PATIENCE, now);
      assertThat(life.retry()).isBeforeOrEqualTo(START.plus(PATIENCE));
      assertThat(life.due(now)).isEqualTo(life.is(Phase.ENDING));
      now = life.retry();
    }

    assertThat(now).isEqualTo(START.plus(PATIENCE));
    assertThat(life.reason()).isEqualTo("no other endpoint within 10 s: nobody answers");
  }

  @Test
  void shouldNotCountTheTimeThatAnAttemptWaitsForItsTurn() {
    ConnectionLife life = up().lost("its interface is gone", START);

    // Thousands heal: its turn comes after a minute, and that of the second attempt after another.
    Instant first = START.plusSeconds(60);
    life = life.begun(first).failed("nobody answers", WAIT, PATIENCE, first.plusSeconds(5));
    assertThat(life.is(Phase.LOST)).isTrue();
    Instant second = first.plusSeconds(66);
    life = life.begun(second);

    assertThat(life.failed("again", WAIT, PATIENCE, second.plusSeconds(3)).is(Phase.LOST)).isTrue();
    assertThat(life.failed("again", WAIT, PATIENCE, second.plusSeconds(4)).is(Phase.ENDING))
        .isTrue();
  }

  @Test
  void shouldHaveItsTimeAnewOnceAnotherOfItsServiceHealed() {
    ConnectionLife life = up().lost("its interface is gone", START).begun(START);

    ConnectionLife later = life.outlasted(START.plusSeconds(9));

    assertThat(later.failed("no answer", WAIT, PATIENCE, START.plusSeconds(18)).is(Phase.LOST))
        .isTrue();
    assertThat(later.failed("no answer", WAIT, PATIENCE, START.plusSeconds(19)).is(Phase.ENDING))
        .isTrue();
    assertThat(later.outlasted(START.plusSeconds(5))).isEqualTo(later);
    assertThat(up().outlasted(START.plusSeconds(5))).isEqualTo(up());
  }

  @Test
  void shouldBeUpOnceItIsJoinedAndItsWayIsUpInWhicheverOrder() {
    ConnectionLife agreed = ConnectionLife.agreed(START);

    assertThat(agreed.joined(START).state()).isEqualTo(ConnectionState.JOINING);
    assertThat(agreed.joined(START).wayUp(START).is(Phase.UP)).isTrue();
    assertThat(agreed.wayUp(START).joined(START).is(Phase.UP)).isTrue();
    assertThat(agreed.wayUp(START).wayDown("it waits", START).joined(START).is(Phase.DOWN))
        .isTrue();
  }

  @Test
  void shouldNotBeUpAfterAStartBeforeSomebodyLooked() {
    ConnectionLife restored = ConnectionLife.restored(START);

    assertThat(restored.state()).isEqualTo(ConnectionState.JOINING);
    assertThat(restored.wayUp(START).is(Phase.UP)).isTrue();
    assertThat(restored.lost("its interface is gone", START).due(START)).isTrue();
  }

  @Test
  void shouldBeLostOnceWhoItNeedsIsAwayForTooLong() {
    ConnectionLife away = up().absent("it is gone", GRACE, START);

    assertThat(away.absent("it is gone", GRACE, START.plusSeconds(1)).is(Phase.UP)).isTrue();
    assertThat(away.absent("it is gone", GRACE, START.plusSeconds(2)).is(Phase.LOST)).isTrue();
    assertThat(away.present().absent("it is gone", GRACE, START.plusSeconds(2)).is(Phase.UP))
        .isTrue();
    assertThat(up().absent("it is gone", Duration.ZERO, START).is(Phase.LOST)).isTrue();
  }

  @Test
  void shouldTellSinceWhenItHealsHoweverOftenThatIsTried() {
    ConnectionLife life = up().lost("its interface is gone", START.plusSeconds(1));

    life = life.begun(START.plusSeconds(1));
    life = life.failed("nobody answers", WAIT, PATIENCE, START.plusSeconds(4));

    assertThat(life.changed()).isEqualTo(START.plusSeconds(1));
    assertThat(life.reason()).isEqualTo("nobody answers");
    assertThat(life.retry()).isEqualTo(START.plusSeconds(5));
    assertThat(life.begun(START.plusSeconds(4)).is(Phase.LOST)).isTrue();
    assertThat(life.hastened(START.plusSeconds(4)).begun(START.plusSeconds(4)).is(Phase.HEALING))
        .isTrue();
  }

  @Test
  void shouldHealWithoutBeingLostWhileNothingAnswers() {
    ConnectionLife mute = up().muted("nothing answers", START);

    assertThat(mute.state()).isEqualTo(ConnectionState.HEALING);
    assertThat(mute.wayUp(START).is(Phase.MUTE)).as("its interface is there").isTrue();
    assertThat(mute.answered(START)).isEqualTo(up());
    assertThat(mute.lost("another one is there", START).due(START)).isTrue();
  }

  @Test
  void shouldRepeatAnEndThatFails() {
    ConnectionLife ending = up().ending("closed", START).begun(START);
    assertThat(ending.due(START)).isFalse();

    ConnectionLife failed = ending.failed("the kernel is busy", WAIT, PATIENCE, START);

    assertThat(failed.due(START)).isFalse();
    assertThat(failed.due(START.plus(WAIT))).isTrue();
    assertThat(failed.reason()).isEqualTo("closed");
  }

  private static ConnectionLife up() {
    return ConnectionLife.agreed(START).wayUp(START).joined(START);
  }

  private static ConnectionLife history(List<Event> events) {
    ConnectionLife life = ConnectionLife.agreed(START);
    for (int i = 0; i < events.size(); i++) {
      life = step(life, events.get(i), i);
    }
    return life;
  }
}

package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.WeftException;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class LegsTest {
  private static final String STREAM = "0123456789abcdef";

  private final List<Runnable> timers = new ArrayList<>();
  private final Legs legs = new Legs((delay, work) -> timers.add(work));
  private final List<Integer> begun = new ArrayList<>();
  private final List<Integer> abandoned = new ArrayList<>();

  private void arrive(Leg leg) {
    if (legs.arrived("n1", leg, () -> begun.add(leg.number()), () -> abandoned.add(leg.number()))) {
      begun.add(leg.number());
    }
  }

  private static Leg leg(int number) {
    return new Leg(STREAM, number, number - 1);
  }

  /** The sender opens legs one after the other; they arrive, and end, whenever they do. */
  @Property
  void shouldBeginLegsInOrderHoweverTheyArrive(
      @ForAll List<@IntRange(min = 0, max = 4) Integer> arrivals) {
    LegsTest fresh = new LegsTest();
    List<Integer> arrived = new ArrayList<>();
    List<Integer> order = new ArrayList<>(arrivals);
    order.addAll(List.of(0, 1, 2, 3, 4));

    for (int number : order) {
      if (!arrived.contains(number)) {
        arrived.add(number);
        fresh.arrive(leg(number));
        // What is begun ends at once.
        for (int i = 0; i < fresh.begun.size(); i++) {
          fresh.legs.ended("n1", leg(fresh.begun.get(i)));
        }
      }
    }

    assertThat(fresh.begun).containsExactly(0, 1, 2, 3, 4);
  }

  @Example
  void shouldHoldALegUntilTheOneBeforeHasEnded() {
    arrive(leg(0));
    arrive(leg(1));
    assertThat(begun).containsExactly(0);

    legs.ended("n1", leg(0));

    assertThat(begun).containsExactly(0, 1);
  }

  @Example
  void shouldGoOnAtOnceAfterALoss() {
    arrive(leg(0));
    arrive(leg(1));

    arrive(Leg.afterLoss(STREAM, 2));

    assertThat(begun).containsExactly(0, 2);
    assertThat(abandoned).containsExactly(0, 1);
  }

  @Example
  void shouldNeverBeginALegThatWaitedForALostOne() {
    arrive(leg(0));
    arrive(leg(1));
    arrive(Leg.afterLoss(STREAM, 2));

    legs.ended("n1", leg(0));
    timers.forEach(Runnable::run);
    arrive(leg(3));

    assertThat(begun).containsExactly(0, 2);
    legs.ended("n1", Leg.afterLoss(STREAM, 2));
    assertThat(begun).containsExactly(0, 2, 3);
  }

  @Example
  void shouldAbandonALegThatArrivesAfterAnotherTookOver() {
    arrive(Leg.afterLoss(STREAM, 2));

    arrive(leg(1));

    assertThat(begun).containsExactly(2);
    assertThat(abandoned).containsExactly(1);
  }

  @Example
  void shouldNotCountALegThatCouldNotBeOpenedAsTheOneBefore() {
    arrive(leg(0));
    arrive(leg(1));
    legs.ended("n1", leg(1));

    arrive(new Leg(STREAM, 2, 0));

    assertThat(begun).containsExactly(0);
    legs.ended("n1", leg(0));
    assertThat(begun).containsExactly(0, 2);
  }

  @Example
  void shouldTellStreamsOfDifferentSendersApart() {
    arrive(leg(0));

    legs.arrived("n2", leg(0), () -> {}, () -> {});
    legs.ended("n2", leg(0));
    arrive(leg(1));

    assertThat(begun).containsExactly(0);
  }

  @Example
  void shouldBeginALegWhoseForerunnerNeverArrives() {
    arrive(leg(1));
    assertThat(begun).isEmpty();

    timers.forEach(Runnable::run);

    assertThat(begun).containsExactly(1);
  }

  @Example
  void shouldHaveTheSamePatienceForALegThatReplacesAnother() {
    arrive(leg(0));
    arrive(leg(1));
    Runnable patienceOfLeg1 = timers.get(0);
    legs.ended("n1", leg(1));
    arrive(new Leg(STREAM, 2, 0));

    patienceOfLeg1.run();

    assertThat(begun).containsExactly(0);
  }

  @Example
  void shouldForgetAStreamWithoutOpenLegs() {
    arrive(leg(0));
    legs.ended("n1", leg(0));

    timers.forEach(Runnable::run);

    assertThat(legs.size()).isZero();
  }

  @Example
  void shouldBearASenderThatUsesANumberTwice() {
    arrive(leg(0));
    arrive(leg(0));
    legs.ended("n1", leg(0));
    timers.forEach(Runnable::run);

    legs.ended("n1", leg(0));

    assertThat(legs.size()).isZero();
  }

  @Example
  void shouldRememberAStreamWhoseLaterLegIsOpen() {
    arrive(leg(0));
    arrive(leg(1));
    legs.ended("n1", leg(0));

    timers.forEach(Runnable::run);
    arrive(leg(2));

    assertThat(begun).containsExactly(0, 1);
    legs.ended("n1", leg(1));
    assertThat(begun).containsExactly(0, 1, 2);
  }

  @Property
  void shouldReadBackItsHeader(@ForAll @IntRange(min = 0) int number, @ForAll boolean isFirst) {
    Leg leg = isFirst ? Leg.first(STREAM) : new Leg(STREAM, number % 1_000_000, number % 999);

    assertThat(Leg.parse(leg.toString())).isEqualTo(leg);
  }

  @Example
  void shouldRefuseAHeaderOfAnotherForm() {
    assertThatThrownBy(() -> Leg.parse("0123456789abcdeg/0"))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("weft-stream: 0123456789abcdeg/0 (expected:");
  }
}

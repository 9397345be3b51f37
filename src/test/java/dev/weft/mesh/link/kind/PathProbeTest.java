package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a simulated path and clock. */
class PathProbeTest {
  private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);

  private record Answer(long at, int id) {}

  private final PriorityQueue<Answer> answers =
      new PriorityQueue<>(Comparator.comparingLong(Answer::at));
  private final List<String> told = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(11);
  private long now = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(2) - 1;
  private long rtt = 20 * MS;
  private boolean longPass = true;
  private boolean anyPass = true;
  private double loss;
  private int probes;

  private PathProbe probe(boolean possible) {
    return new PathProbe(
        possible,
        new PathProbe.Output() {
          @Override
          public void probe(int id, boolean isLong) {
            probes++;
            if (anyPass && (longPass || !isLong) && random.nextDouble() >= loss) {
              answers.add(new Answer(now + rtt, id));
            }
          }

          @Override
          public void carries(boolean whole) {
            told.add(whole ? "whole" : "halves");
          }

          @Override
          public void failed() {
            told.add("failed");
          }
        });
  }

  private PathProbe started() {
    PathProbe probe = probe(true);
    probe.start(now);
    return probe;
  }

  /** Lets time pass, a millisecond at a time. */
  private void pass(PathProbe probe, long millis, boolean longFrames) {
    for (long i = 0; i < millis; i++) {
      now += MS;
      while (!answers.isEmpty() && answers.peek().at() - now <= 0) {
        probe.answered(answers.poll().id(), now);
      }
      if (longFrames && probe.watches()) {
        probe.sendsLong(now);
      }
      probe.expire(now);
    }
  }

  @Test
  void shouldOpenWithTheFirstLongAnswer() {
    PathProbe probe = started();

    pass(probe, 21, false);

    assertThat(told).containsExactly("whole");
    assertThat(probe.isOpen()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20, 90, 250, 900})
  void shouldOpenInHalvesSoonWhateverTheRoundTripTakes(int millis) {
    longPass = false;
    rtt = millis * MS;
    PathProbe probe = started();

    pass(probe, millis + 350, false);

    assertThat(told).containsExactly("halves");
  }

  @Test
  void shouldOpenInHalvesAtOnceIfQuicTakesNoLongDatagrams() {
    PathProbe probe = probe(false);
    probe.start(now);

    pass(probe, 21, true);

    assertThat(told).containsExactly("halves");
    assertThat(probe.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldFailWhenNothingComesBack() {
    anyPass = false;
    PathProbe probe = started();

    pass(probe, 5200, false);

    assertThat(told).containsExactly("failed");
    assertThat(probe.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldNotProbeAnIdleLink() {
    PathProbe probe = started();
    pass(probe, 100, false);
    int before = probes;

    pass(probe, 60_000, false);

    assertThat(probes).isEqualTo(before);
  }

  @Test
  void shouldHalveFramesWhenLongOnesDoNotPassAnyMore() {
    PathProbe probe = started();
    pass(probe, 1000, true);

    longPass = false;
    pass(probe, 1000, true);

    assertThat(told).containsExactly("whole", "halves");
  }

  @Test
  void shouldHalveFramesFromTheFirstDoubtOn() {
    PathProbe probe = started();
    pass(probe, 1000, true);

    longPass = false;
    pass(probe, 330, true);

    assertThat(probe.isOpen()).isTrue();
    assertThat(probe.whole()).isFalse();
    assertThat(told).containsExactly("whole");
    longPass = true;
    pass(probe, 130, true);
    assertThat(probe.whole()).isTrue();
  }

  @Test
  void shouldFindOutAlsoIfLongFramesAreRare() {
    PathProbe probe = started();
    pass(probe, 1000, true);

    longPass = false;
    pass(probe, 1, true);
    pass(probe, 1500, false);

    assertThat(told).containsExactly("whole", "halves");
  }

  @Test
  void shouldSendWholeFramesAgainWhenThePathGotBetter() {
    longPass = false;
    PathProbe probe = started();
    pass(probe, 60_000, true);

    longPass = true;
    pass(probe, 8100, true);

    assertThat(told).containsExactly("halves", "whole");
  }

  @Test
  void shouldProbeSeldomWhereNothingChanges() {
    longPass = false;
    PathProbe probe = started();
    pass(probe, 20_000, true);
    int before = probes;

    pass(probe, 80_000, true);

    assertThat(probes - before).isEqualTo(10);
  }

  @Test
  void shouldStayWholeDespiteLoss() {
    PathProbe probe = started();
    pass(probe, 1000, true);

    loss = 0.1;
    pass(probe, 600_000, true);

    assertThat(told).hasSizeLessThan(5);
    assertThat(probe.whole()).isTrue();
  }

  @Test
  void shouldKeepTheStateWhileThePathIsCut() {
    PathProbe probe = started();
    pass(probe, 1000, true);

    anyPass = false;
    pass(probe, 4800, true);
    anyPass = true;
    pass(probe, 1000, true);

    assertThat(told).containsExactly("whole");
  }

  @Test
  void shouldFailWhenNothingComesBackAnyMoreFromAPathInUse() {
    PathProbe probe = started();
    pass(probe, 1000, true);

    anyPass = false;
    pass(probe, 5700, true);

    assertThat(told).containsExactly("whole", "failed");
    assertThat(probe.isOpen()).isFalse();
  }

  @Test
  void shouldBearAnswersToNothing() {
    PathProbe probe = started();

    for (int i = 0; i < 1000; i++) {
      probe.answered(random.nextInt(1 << 16) & ~1, now);
    }

    assertThat(told).isSubsetOf("halves");
    pass(probe, 1000, true);
    assertThat(probe.whole()).isTrue();
  }
}

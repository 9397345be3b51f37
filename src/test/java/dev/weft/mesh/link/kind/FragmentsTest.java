package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.link.FrameLabel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FragmentsTest {
  private static final long PATIENCE = 1000;

  private final FragmentSender sender = new FragmentSender(-2);
  private final FragmentAssembler assembler = new FragmentAssembler();
  private final List<byte[]> arrived = new ArrayList<>();
  private int sent;
  private long now;

  private static byte[] frame(int length) {
    byte[] frame = new byte[length];
    new SplittableRandom(length).nextBytes(frame);
    return frame;
  }

  private interface Line {
    boolean carries();
  }

  /** Sends what is to be sent now, as lines. */
  private void exchange(Line there, Line back) {
    for (Optional<Fragment> next = sender.next(now, PATIENCE);
        next.isPresent();
        next = sender.next(now, PATIENCE)) {
      sent++;
      if (there.carries()) {
        FragmentAssembler.Added added =
            assembler.add(Fragment.parse(next.get().line().body()).orElseThrow());
        added.frame().ifPresent(arrived::add);
        added
            .answer()
            .filter(ack -> back.carries())
            .ifPresent(
                ack -> sender.acknowledged(FragmentAck.parse(ack.line().body()).orElseThrow()));
      }
    }
  }

  private void expire() {
    now = sender.deadline();
    sender.expire(now);
  }

  @ParameterizedTest
  @ValueSource(ints = {161, 320, 321, 1399, 1400})
  void shouldCarryAFrame(int length) {
    sender.offer(frame(length));

    exchange(() -> true, () -> true);

    assertThat(arrived).containsExactly(frame(length));
    assertThat(sent).isEqualTo((length + 159) / 160);
    assertThat(sender.deadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(sender.unsent()).isZero();
  }

  @Test
  void shouldSendAtOnceWhatIsMissingInTheMiddle() {
    sender.offer(frame(1000));
    int[] count = {0};

    exchange(() -> ++count[0] != 3, () -> true);

    assertThat(arrived).containsExactly(frame(1000));
    assertThat(sent).isEqualTo(8);
  }

  @Test
  void shouldSendTheLastFragmentAgainAfterItsTime() {
    sender.offer(frame(1000));
    exchange(() -> sent != 7, () -> true);
    assertThat(arrived).isEmpty();
    assertThat(sender.deadline()).isEqualTo(PATIENCE);

    expire();
    exchange(() -> true, () -> true);

    assertThat(arrived).containsExactly(frame(1000));
    assertThat(sender.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldGiveAFrameOnceThoughItsAcknowledgementIsLost() {
    sender.offer(frame(300));
    exchange(() -> true, () -> false);

    expire();
    exchange(() -> true, () -> true);

    assertThat(arrived).containsExactly(frame(300));
    assertThat(sender.deadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(sender.dropped()).isZero();
  }

  @Test
  void shouldGiveUpAFrameThatNobodyAcknowledges() {
    sender.offer(frame(300));

    while (sender.deadline() != Long.MAX_VALUE || sender.unsent() > 0) {
      exchange(() -> false, () -> false);
      expire();
    }

    assertThat(sent).isEqualTo(2 * FragmentSender.MAX_ROUNDS);
    assertThat(sender.dropped()).isEqualTo(1);
  }

  @Test
  void shouldSendABoundedNumberOfFramesBeforeTheyAreAcknowledged() {
    for (int i = 0; i < 100; i++) {
      sender.offer(frame(200 + i));
    }
    assertThat(sender.unsent()).isEqualTo(200);

    exchange(() -> true, () -> false);
    assertThat(sent).isEqualTo(32);

    expire();
    exchange(() -> true, () -> true);
    assertThat(arrived).hasSize(100);
  }

  @Property(tries = 100)
  void shouldCarryMostFramesOverABadLine(@ForAll @IntRange(min = 0, max = 20) int lossPercent) {
    FragmentsTest line = new FragmentsTest();
    SplittableRandom random = new SplittableRandom(lossPercent);
    for (int length = 200; length <= FrameLabel.MAX_FRAME; length += 24) {
      line.sender.offer(frame(length));
    }

    while (line.sender.deadline() != Long.MAX_VALUE || line.sender.unsent() > 0) {
      line.exchange(
          () -> random.nextInt(100) >= lossPercent, () -> random.nextInt(100) >= lossPercent);
      line.expire();
    }

    assertThat(line.arrived).hasSizeGreaterThanOrEqualTo(lossPercent == 0 ? 51 : 40);
    assertThat(line.arrived).doesNotHaveDuplicates();
    assertThat(line.arrived).allSatisfy(frame -> assertThat(frame).isEqualTo(frame(frame.length)));
  }

  @Property
  void shouldTakeNoBodyThatIsNoFragment(@ForAll byte[] body) {
    Fragment.parse(body)
        .ifPresent(
            fragment -> {
              assertThat(fragment.line().body()).isEqualTo(body);
              assertThat(fragment.count()).isBetween(2, 9);
              new FragmentAssembler().add(fragment);
            });
    FragmentAck.parse(body)
        .ifPresent(
            ack -> {
              assertThat(ack.line().body()).isEqualTo(body);
              new FragmentSender(ack.frame()).acknowledged(ack);
            });
  }

  /** Of no frame that was sent, or of more fragments than it has. */
  @Test
  void shouldNotMindForeignAcknowledgements() {
    sender.offer(frame(300));
    sender.acknowledged(new FragmentAck(77, 3));
    sender.acknowledged(new FragmentAck(-2, 0xfff0));

    exchange(() -> true, () -> true);

    assertThat(arrived).containsExactly(frame(300));
  }

  @Test
  void shouldHoldABoundedNumberOfBegunFrames() {
    for (int number = 0; number < 100_000; number++) {
      assembler.add(Fragment.of(number, frame(1400), 0));
    }
    byte[] frame = frame(300);

    assembler.add(Fragment.of(7, frame, 0));

    assertThat(assembler.add(Fragment.of(7, frame, 1)).frame()).contains(frame);
    // The first fragment of this one had to go.
    assertThat(assembler.add(Fragment.of(8, Arrays.copyOf(frame, 300), 1)).frame()).isEmpty();
  }
}

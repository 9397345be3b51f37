package dev.weft.wire.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.pod.PodRef;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.control.WireLife.Report;
import dev.weft.wire.kernel.EndState;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EndReportTest {
  private static final WireSpec SPEC =
      new WireSpec(
          "0123456789abcdef",
          "default",
          1,
          WireKind.GRPC,
          1500,
          new WireSpec.End(new PodRef("default", "r1"), "eth1", null, "a"),
          new WireSpec.End(new PodRef("default", "r2"), "eth2", null, "b"));
  private static final EndState UP = new EndState(true, 1500);
  private static final EndState DOWN = new EndState(false, 1500);

  private static String of(WireSpec spec, Report nodes, EndState own, EndState peer) {
    EndWords words = new EndWords();
    words.joined(7);
    words.seen(own);
    words.heard(7, Optional.of(new EndWords.Word(1, peer)));
    Report report = EndReport.of(spec, nodes, words);
    return report.state() + " " + report.reason();
  }

  @Test
  void shouldNotBeUpWhileAnEndIsDown() {
    assertThat(of(SPEC, Report.UP, UP, UP)).isEqualTo("up null");
    assertThat(of(SPEC, Report.UP, DOWN, UP)).isEqualTo("down eth1 of default/r1 is down");
    assertThat(of(SPEC, Report.UP, UP, DOWN)).isEqualTo("down eth2 of default/r2 is down");
    assertThat(of(SPEC, Report.UP, DOWN, DOWN))
        .isEqualTo("down eth1 of default/r1 and eth2 of default/r2 are down");
  }

  @Test
  void shouldSayWhatTheNodesLackBeforeWhatThePodsHaveDone() {
    Report waiting = new Report(WireState.WAITING, "no pod");

    assertThat(of(SPEC, waiting, DOWN, DOWN)).isEqualTo("waiting no pod");
  }

  @Test
  void shouldBeDownWhileItIsCutWhateverElseIsTrue() {
    WireSpec cut = SPEC.withCut(true);

    assertThat(of(cut, Report.UP, UP, UP)).isEqualTo("down cut by command");
    assertThat(of(cut, new Report(WireState.WAITING, "no pod"), DOWN, UP))
        .isEqualTo("down cut by command");
  }

  @Test
  void shouldSayWhichEndHasAnotherMtuThanTheLink() {
    assertThat(of(SPEC, Report.UP, UP, new EndState(true, 1400)))
        .isEqualTo("up eth2 of default/r2 has MTU 1400 (expected: 1500)");
    assertThat(of(SPEC, Report.UP, new EndState(true, 9000), UP))
        .isEqualTo("up eth1 of default/r1 has MTU 9000 (expected: 1500)");
  }
}

package dev.weft.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.pod.PodRef;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.WireStatus.Traffic;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LinkViewTest {
  private static final PodRef R1 = new PodRef("default", "r1");
  private static final PodRef R2 = new PodRef("default", "r2");
  private static final WireSpec SPEC =
      new WireSpec(
          "0123456789abcdef",
          "default",
          1,
          WireKind.VXLAN,
          1500,
          new WireSpec.End(R1, "eth1", null, "n1"),
          new WireSpec.End(R2, "eth1", null, "n2"));

  @Test
  void shouldShowTheMtuThatTheInterfaceHas() {
    WireStatus wire =
        new WireStatus(SPEC, WireState.UP, null, Instant.EPOCH, Traffic.NONE, Traffic.NONE, 1450);

    assertThat(view(Map.of(SPEC.id(), wire)).merge(planned()).mtu()).isEqualTo(1450);
  }

  @Test
  void shouldShowTheMtuThatWasAskedForUntilThereIsAnInterface() {
    assertThat(view(Map.of()).merge(planned()).mtu()).isEqualTo(1500);
  }

  @Test
  void shouldTakeTheMtuThatWasAskedForWhereAMemberTellsNone() {
    WireStatus wire =
        new WireStatus(SPEC, WireState.UP, null, Instant.EPOCH, Traffic.NONE, Traffic.NONE, 0);

    assertThat(view(Map.of(SPEC.id(), wire)).merge(planned()).mtu()).isEqualTo(1500);
  }

  private static LinkView view(Map<String, WireStatus> wires) {
    return new LinkView(
        "n1", Map.of("n1", new LinkView.Answer("n1", wires, null)), id -> Optional.empty());
  }

  private static LinkStatus planned() {
    return new LinkStatus(
        R1,
        1,
        "eth1",
        null,
        R2,
        "eth1",
        null,
        SPEC.id(),
        "vxlan",
        1500,
        LinkPlanner.JOINING,
        null,
        "n1",
        "n2");
  }
}

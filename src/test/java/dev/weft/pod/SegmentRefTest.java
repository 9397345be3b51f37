package dev.weft.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentRefTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"segment|0", "segment:lldp|16384", "segment:lacp,stp|5", "segment:all|65535"})
  void shouldReadWhichFramesPass(String netns, int passes) {
    assertThat(SegmentRef.of(netns)).contains(new SegmentRef(passes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"r1", "/run/netns/segment", "pid:1", "segments", "host", ""})
  void shouldLeaveNamespacesAlone(String netns) {
    assertThat(SegmentRef.of(netns)).isEmpty();
  }

  @Test
  void shouldNameTheFramesThatItKnows() {
    assertThatThrownBy(() -> SegmentRef.of("segment:lldp,cdp"))
        .hasMessage(
            "netns: segment:lldp,cdp (expected: segment, or segment: and of all, eapol, lacp,"
                + " lldp, pause, stp)");
  }
}

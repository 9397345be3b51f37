package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class NodeDoctorTest {
  @Test
  void shouldFindAClockThatIsAhead() {
    assertThat(NodeDoctor.skew("n2", 15_000, 9_990, 10_000).state()).isEqualTo("problem");
    assertThat(NodeDoctor.skew("n2", 15_000, 9_990, 10_000).text())
        .isEqualTo("node n2's clock is 5.0 s ahead of this node's");
  }

  @Test
  void shouldFindAClockThatIsBehind() {
    assertThat(NodeDoctor.skew("n2", 5_000, 10_000, 10_100).text())
        .isEqualTo("node n2's clock is 5.0 s behind this node's");
  }

  @Test
  void shouldNotBlameAClockForASlowAnswer() {
    assertThat(NodeDoctor.skew("n2", 10_000, 10_000, 13_000).state()).isEqualTo("ok");
    assertThat(NodeDoctor.skew("n2", 13_000, 10_000, 13_000).state()).isEqualTo("ok");
  }
}

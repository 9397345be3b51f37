package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WarningsTest {
  @Test
  void shouldNameMembersThatAreFewAndCountOthers() {
    assertThat(Warnings.members(List.of("n2"))).isEqualTo("node n2");
    assertThat(Warnings.members(List.of("n3", "n2", "n4"))).isEqualTo("nodes n2, n3, n4");
    assertThat(Warnings.members(List.of("n2", "n3", "n4", "n5")))
        .isEqualTo("4 members, such as n2, n3, n4,");
  }
}

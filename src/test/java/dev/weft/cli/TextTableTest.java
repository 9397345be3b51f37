package dev.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TextTableTest {
  private static final String LONG = "the node n2 (00000000000000b2) has no pod default/r2 now";

  @Test
  void shouldLeaveATableThatFitsAsItIs() {
    TextTable table = new TextTable("POD", "REASON").row("r1", "no peer").row("r2", null);

    assertThat(table.fitted(80)).isEqualTo(table.toString()).contains("r1   no peer\n");
  }

  @Test
  void shouldPutReasonsBelowTheirRowsWhereTheLineIsTooShort() {
    TextTable table = new TextTable("POD", "STATE", "REASON").row("r1", "waiting", LONG);
    table.row("r2", "up", "");

    assertThat(table.fitted(40))
        .isEqualTo(
            """
            POD  STATE
            r1   waiting
                the node n2 (00000000000000b2) has
                no pod default/r2 now
            r2   up
            """);
  }

  @Test
  void shouldCutTheLongestCellsInTheMiddleButNoIds() {
    TextTable table = new TextTable("ID", "POD");
    table.row("00000000000000b2", "a-namespace-of-a-long-name/a-pod-of-a-long-name:eth1");

    assertThat(table.fitted(45).lines())
        .containsExactly("ID                POD", "00000000000000b2  a-namespace-o…ong-name:eth1")
        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(45));
  }
}

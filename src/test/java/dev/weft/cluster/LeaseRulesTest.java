package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LeaseRulesTest {
  private static final String HELD = "{\"holder\":\"x\"}";

  @Test
  void shouldLetTheHigherClaimWinWhateverTheClockSays() {
    assertThat(ReplicatedLeases.wins(claim("b", 2, 10, HELD), claim("a", 1, 99, HELD))).isTrue();
    assertThat(ReplicatedLeases.wins(claim("a", 1, 99, HELD), claim("b", 2, 10, HELD))).isFalse();
  }

  @Test
  void shouldLetTheLowerNodeWinBetweenEqualClaims() {
    assertThat(ReplicatedLeases.wins(claim("a", 1, 10, HELD), claim("b", 1, 20, HELD))).isTrue();
    assertThat(ReplicatedLeases.wins(claim("b", 1, 20, HELD), claim("a", 1, 10, HELD))).isFalse();
  }

  @Test
  void shouldNotReplaceARecordByItself() {
    Envelope one = claim("a", 1, 10, HELD);

    assertThat(ReplicatedLeases.wins(one, one)).isFalse();
  }

  @Test
  void shouldPreferAHolderToNoneBetweenEqualClaims() {
    assertThat(ReplicatedLeases.wins(claim("b", 1, 10, HELD), claim("a", 1, 10, null))).isTrue();
    assertThat(ReplicatedLeases.wins(claim("a", 1, 10, null), claim("b", 1, 10, HELD))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    // configured, in the join list, largest seen, founders
    "0, 1, 0, 1",
    "0, 3, 0, 3",
    "0, 3, 5, 5",
    "5, 3, 0, 5",
    "1, 3, 9, 1",
  })
  void shouldBeFoundedByAsManyAsWereEverKnown(int size, int join, int largest, int founders) {
    assertThat(new Quorum(size, join, largest).founders()).isEqualTo(founders);
  }

  @Test
  void shouldRememberTheLargestMembership() {
    Quorum quorum = new Quorum(0, 2, 0);
    quorum.sees(5);

    quorum.sees(2);

    assertThat(quorum.largest()).isEqualTo(5);
    assertThat(quorum.founders()).isEqualTo(5);
  }

  private static Envelope claim(String node, long counter, long at, String body) {
    return new Envelope(1, "lease.t", "k", node, 0, counter, at, body, null, null);
  }
}

package dev.weft.wire.meshnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.config.WiresConfig.Repoint;
import dev.weft.pod.PodRef;
import dev.weft.rpc.Caller;
import org.junit.jupiter.api.Test;

class PeerChangeTest {
  private static final EndIntent STANDING =
      new EndIntent(
          new EndKey(new PodRef("default", "r1"), 7, "eth1"),
          "/run/netns/r1",
          "",
          new PeerAddress("10.0.0.1"),
          5,
          9,
          0,
          1500);

  @Test
  void shouldForbidAnotherHostToTakeAnEndOver() {
    PeerChange change = to(STANDING, "10.0.0.2", Caller.meshnet("10.0.0.2"));

    assertThatThrownBy(() -> change.check(Repoint.DENY))
        .hasMessageContaining("peer_node_ip: 10.0.0.2 (expected: 10.0.0.1, which has the other");
  }

  @Test
  void shouldLetAnotherHostTakeAnEndOverAndTellWho() {
    PeerChange change = to(STANDING, "10.0.0.2", Caller.meshnet("10.0.0.2"));

    assertThatCode(() -> change.check(Repoint.ALLOW)).doesNotThrowAnyException();
    assertThat(change.fact().orElseThrow().text())
        .endsWith("(default/r1:eth1) goes to 10.0.0.2 instead of 10.0.0.1, as 10.0.0.2 asked");
  }

  @Test
  void shouldLetAnotherHostHaveAnEndThatTheFormerOneGaveUp() {
    EndIntent given = STANDING.at(STANDING.peer(), 0);
    PeerChange change = to(given, "10.0.0.2", Caller.meshnet("10.0.0.2"));

    assertThatCode(() -> change.check(Repoint.DENY)).doesNotThrowAnyException();
    assertThat(change.fact()).isEmpty();
  }

  @Test
  void shouldLetTheSameHostAskAgain() {
    PeerChange change = to(STANDING, "10.0.0.1", Caller.meshnet("10.0.0.1"));

    assertThatCode(() -> change.check(Repoint.DENY)).doesNotThrowAnyException();
    assertThat(change.fact()).isEmpty();
  }

  @Test
  void shouldLetProgramsOfThisHostTurnAnEndElsewhere() {
    PeerChange change = to(STANDING, "10.0.0.2", Caller.local("127.0.0.1"));

    assertThatCode(() -> change.check(Repoint.DENY)).doesNotThrowAnyException();
    assertThat(change.fact()).isPresent();
  }

  private static PeerChange to(EndIntent standing, String address, Caller by) {
    return new PeerChange(standing, new PeerAddress(address), by);
  }
}

package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fact;
import dev.weft.identity.SettableClock;
import dev.weft.telemetry.Health;
import dev.weft.testkit.MemoryStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AwayMembersTest {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
  private static final Member N2 = new Member("n2id", "n2", "1", null, null, null, 4, 1);
  private static final Member N3 = new Member("n3id", "n3", "1", null, null, null, 7, 1);

  private final MemoryStore store = new MemoryStore();
  private final SettableClock clock = new SettableClock(START);
  private final Tables tables = new Tables((table, key) -> {});
  private final List<Fact> facts = new ArrayList<>();
  private AwayMembers members = open();

  private AwayMembers open() {
    return AwayMembers.open(store, clock, Duration.ofDays(7)).result();
  }

  private List<String> away() {
    return members.list().stream().map(a -> a.member().name()).toList();
  }

  private void review(Map<String, String> rows) {
    members.review(rows, tables, facts::add);
  }

  private String warning() {
    Health health = new Health();
    health.state("cluster", Health.State.READY);
    members.show(health);
    List<Health.Warning> warnings = health.rooms().get(0).warnings();
    return warnings.isEmpty() ? "" : warnings.get(0).text() + ": " + warnings.get(0).action();
  }

  @Test
  void shouldNameAMemberThatLeftUntilItReturns() {
    members.changed(N2, true);
    assertThat(away()).isEmpty();

    members.changed(N2, false);
    assertThat(away()).containsExactly("n2");
    assertThat(warning())
        .contains("node n2 has been away since 2026-01-02 03:04:05Z", "weft nodes forget n2");

    members.changed(N2, true);
    assertThat(away()).isEmpty();
    assertThat(warning()).isEmpty();
  }

  @Test
  void shouldRememberOverARestartWhoWasThere() {
    members.changed(N2, true);
    members.changed(N3, true);
    members.changed(N3, false);
    clock.set(clock.instant().plus(Duration.ofMinutes(5)));
    members.noteAlive();
    clock.set(clock.instant().plus(Duration.ofMinutes(5)));

    members = open();

    assertThat(away()).containsExactly("n2", "n3");
    assertThat(members.find("n2id").orElseThrow().since())
        .isEqualTo(START.plusSeconds(300).getEpochSecond());
    assertThat(members.find("n3id").orElseThrow().since()).isEqualTo(START.getEpochSecond());
    assertThat(warning()).as("one that starts has met nobody yet").isEmpty();
    clock.set(clock.instant().plus(Duration.ofSeconds(30)));
    assertThat(warning()).contains("node n2", "; node n3");
  }

  @Test
  void shouldForgetWhomTheClusterForgets() {
    members.changed(N2, true);
    members.changed(N2, false);
    String row = members.rowOf("n2id", Optional.empty());

    review(Map.of("n2id", row));

    assertThat(away()).isEmpty();
    assertThat(facts).containsExactly(new MemberForgotten("n2id", "n2", true));
    assertThat(open().list()).isEmpty();
  }

  @Test
  void shouldExpectAForgottenNodeAgainAfterItWasThereAgain() {
    members.changed(N2, true);
    members.changed(N2, false);
    Map<String, String> rows = Map.of("n2id", members.rowOf("n2id", Optional.empty()));
    review(rows);
    clock.set(clock.instant().plus(Duration.ofMinutes(5)));

    members.changed(N2, true);
    members.changed(N2, false);
    review(rows);

    assertThat(away()).containsExactly("n2");
  }

  @Test
  void shouldForgetAMemberThatIsAwayForTooLong() {
    members.changed(N2, true);
    members.changed(N3, true);
    members.changed(N2, false);
    clock.set(clock.instant().plus(Duration.ofDays(7)));
    members.changed(N3, false);
    review(Map.of());
    assertThat(away()).containsExactly("n2", "n3");

    clock.set(clock.instant().plus(Duration.ofSeconds(1)));
    review(Map.of());

    assertThat(away()).containsExactly("n3");
    assertThat(facts).containsExactly(new MemberForgotten("n2id", "n2", false));
  }

  @Test
  void shouldRefuseToForgetALiveMemberAndOneThatNeverWas() {
    members.changed(N2, true);

    assertThatThrownBy(() -> members.rowOf("n2id", Optional.of(N2)))
        .hasMessageContaining("node n2 (n2id) is a live member");
    assertThatThrownBy(() -> members.rowOf("n9id", Optional.empty()))
        .hasMessageContaining("node n9id: never was a member");
  }
}

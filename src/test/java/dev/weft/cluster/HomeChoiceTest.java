package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HomeChoiceTest {
  private static final long SECOND = 1_000_000_000L;

  private final HomeChoice choice = new HomeChoice("me");
  private final Map<String, Member> known =
      Map.of("n2", member("n2", null), "outpost", member("outpost", "n2"));

  private static Member member(String id, String home) {
    return new Member(id, id, "1", null, null, null, 1, 1, home);
  }

  private List<String> order(long now, String... reachable) {
    return choice.order(List.of(reachable), id -> Optional.ofNullable(known.get(id)), now);
  }

  @Test
  void shouldAskMembersFirstAndTheNearestOfTheOthers() {
    assertThat(order(0, "n3", "n2", "n4")).containsExactly("n2", "n3", "n4");
  }

  @Test
  void shouldNotAskItselfNorAnotherOutpost() {
    assertThat(order(0, "me", "outpost", "n3")).containsExactly("n3");
  }

  @Test
  void shouldAskANodeThatFailedAfterTheOthersForAWhile() {
    choice.failed("n2", SECOND);

    assertThat(order(2 * SECOND, "n2", "n3")).containsExactly("n3", "n2");
    assertThat(order(62 * SECOND, "n2", "n3")).containsExactly("n2", "n3");
  }

  @Test
  void shouldLetANodeAloneThatIsNoHome() {
    choice.declined("n3", 0);

    assertThat(order(SECOND, "n3", "n2")).containsExactly("n2");
    assertThat(choice.allDeclined(List.of("me", "n3"))).isTrue();
    assertThat(choice.allDeclined(List.of("n2", "n3"))).isFalse();
    assertThat(order(16 * SECOND, "n3", "n2")).containsExactly("n2", "n3");
  }

  @Test
  void shouldSayWhyNobodyIsAsked() {
    choice.declined("n3", 0);

    assertThat(choice.whyNobody(List.of("me"))).isEqualTo("no node can be reached");
    assertThat(choice.whyNobody(List.of("n3"))).isEqualTo("all nodes of the mesh are none");
    assertThat(choice.whyNobody(List.of("n3", "outpost")))
        .isEqualTo("all nodes of the mesh are none, or outposts themselves");
  }

  @Test
  void shouldComeToAllInTurnWhenThereAreMany() {
    String[] many = IntStream.range(0, 20).mapToObj(i -> "m" + i).toArray(String[]::new);

    List<String> first = order(0, many);
    first.forEach(id -> choice.failed(id, 0));
    List<String> second = order(SECOND, many);

    assertThat(first).hasSize(HomeChoice.MOST);
    assertThat(second).hasSize(HomeChoice.MOST).doesNotContainAnyElementsOf(first);
  }
}

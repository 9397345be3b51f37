package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Json;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LiveOutpostsTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Set<String> BOTH = Set.of("n1", "n2");

  private final LiveOutposts outposts = new LiveOutposts();

  @Test
  void shouldBeLiveWhileAMemberSaysThatItIsItsHome() {
    assertThat(outposts.review(Map.of("n1", Set.of("o1", "o2")), BOTH, 0))
        .containsExactlyInAnyOrder("o1", "o2");
    assertThat(outposts.review(Map.of("n1", Set.of("o2")), BOTH, SECOND)).containsExactly("o2");
  }

  @Test
  void shouldHaveAWhileToFindAnotherHomeWhenItsHomeIsGone() {
    outposts.review(Map.of("n1", Set.of("o1")), BOTH, 0);

    Set<String> soon = outposts.review(Map.of(), Set.of("n2"), 10 * SECOND);
    Set<String> late =
        outposts.review(
            Map.of(), Set.of("n2"), LiveOutposts.GRACE.plus(Duration.ofSeconds(1)).toNanos());

    assertThat(soon).containsExactly("o1");
    assertThat(late).isEmpty();
  }

  @Test
  void shouldStayLiveWhenItMoves() {
    outposts.review(Map.of("n1", Set.of("o1")), BOTH, 0);
    outposts.review(Map.of("n1", Set.of("o1"), "n2", Set.of("o1")), BOTH, SECOND);

    assertThat(outposts.review(Map.of("n2", Set.of("o1")), BOTH, 2 * SECOND)).containsExactly("o1");
  }

  @Test
  void shouldGoAtOnceWhenALivingHomeSaysSo() {
    outposts.review(Map.of("n1", Set.of("o1")), BOTH, 0);

    assertThat(outposts.review(Map.of(), BOTH, 1)).isEmpty();
  }

  @Test
  void shouldNotBelieveWhatAHomeSaidBeforeItStartedAgain() {
    List<OwnedTable.Row> rows =
        List.of(
            new OwnedTable.Row("n1", "o1", Json.write(new LiveOutposts.Claim("n1", "o1", 1))),
            new OwnedTable.Row("n1", "o2", Json.write(new LiveOutposts.Claim("n1", "o2", 2))),
            new OwnedTable.Row("n2", "o3", Json.write(new LiveOutposts.Claim("n1", "o3", 2))));
    Member again = new Member("n1", "n1", "1", null, null, null, 2, 1);

    assertThat(LiveOutposts.homes(rows, id -> Optional.of(again)))
        .isEqualTo(Map.of("n1", Set.of("o2")));
  }
}

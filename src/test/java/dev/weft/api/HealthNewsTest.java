package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.telemetry.Health;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HealthNewsTest {
  private final HealthNews news = new HealthNews(ready());

  @Test
  void shouldTellReasonsThatAlternateOnce() {
    List<String> told =
        Stream.of("n2 is none", "all are none", "n2 is none", "all are none", "n2 is none")
            .flatMap(reason -> news.of(degraded("no-home", reason)).stream())
            .map(HealthChanged::text)
            .toList();

    assertThat(told)
        .containsExactly("node n1 is degraded: n2 is none", "node n1 is degraded: all are none");
  }

  @Test
  void shouldTellTheSameReasonAgainAfterTheWarningWasGone() {
    news.of(degraded("no-home", "n2 is none"));

    Optional<HealthChanged> better = news.of(ready());
    Optional<HealthChanged> again = news.of(degraded("no-home", "n2 is none"));

    assertThat(better).map(HealthChanged::text).contains("node n1 is ready");
    assertThat(again).map(HealthChanged::text).contains("node n1 is degraded: n2 is none");
  }

  @Test
  void shouldTellThatOneOfTwoWarningsIsGone() {
    news.of(degraded("no-home", "n2 is none", "canary", "it sings no more"));

    Optional<HealthChanged> left = news.of(degraded("no-home", "n2 is none"));

    assertThat(left).map(HealthChanged::text).contains("node n1 is degraded: n2 is none");
  }

  @Test
  void shouldRememberNoMoreThanItNeeds() {
    for (int i = 0; i <= HealthNews.MAX_REASONS; i++) {
      assertThat(news.of(degraded("no-home", "reason " + i))).isPresent();
    }

    assertThat(news.of(degraded("no-home", "reason 0"))).isPresent();
  }

  private static NodeStatus ready() {
    return status("ready", List.of());
  }

  private static NodeStatus degraded(String... codesAndTexts) {
    return status(
        "degraded",
        Stream.iterate(0, i -> i + 2)
            .limit(codesAndTexts.length / 2)
            .map(i -> new Health.Warning("cluster", codesAndTexts[i], codesAndTexts[i + 1], "", ""))
            .toList());
  }

  private static NodeStatus status(String state, List<Health.Warning> warnings) {
    return new NodeStatus(
        "00000000000000a1",
        "n1",
        "1",
        1,
        Instant.EPOCH,
        state,
        List.of(new NodeStatus.Room("cluster", state, warnings)));
  }
}

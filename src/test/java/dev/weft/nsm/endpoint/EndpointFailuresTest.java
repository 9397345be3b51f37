package dev.weft.nsm.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.identity.SettableClock;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.connection.RequestedInterface;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EndpointFailuresTest {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final SettableClock clock = new SettableClock(Instant.parse("2026-01-01T00:00:00Z"));
  private final EndpointFailures failures = new EndpointFailures(clock, new Random(1));

  private static Endpoint endpoint(String provider) {
    return new Endpoint("00000000000000a1", "", provider, "echo", List.of());
  }

  private static List<CandidatePlanner.Candidate> plan(String... providers) {
    return Stream.of(providers)
        .map(p -> new CandidatePlanner.Candidate(endpoint(p), RequestedInterface.DEFAULT, 0))
        .toList();
  }

  private String next(String... providers) {
    return failures.next(plan(providers)).endpoint().provider();
  }

  private void fails(String provider) {
    failures.failed(endpoint(provider));
    clock.pass(Duration.ofMillis(10));
  }

  @Test
  void shouldTakeThePlannedOrderWhileNoneFailed() {
    assertThat(next("b", "a", "c")).isEqualTo("b");
  }

  @Test
  void shouldAskOneThatFailedAfterAllOthers() {
    fails("a");

    assertThat(next("a", "b", "c")).isEqualTo("b");
    assertThat(next("a")).isEqualTo("a");
  }

  @Test
  void shouldAskTheOneThatFailedLongestAgoWhereAllFailed() {
    Stream.of("b", "c", "a").forEach(this::fails);

    assertThat(next("a", "b", "c")).isEqualTo("b");
    fails("b");
    assertThat(next("a", "b", "c")).isEqualTo("c");
  }

  @Test
  void shouldForgetAfterAWhile() {
    fails("a");

    clock.pass(LONGEST);

    assertThat(next("a", "b")).isEqualTo("a");
  }

  @Test
  void shouldForgetWhatFailedOnceItSucceeded() {
    fails("a");

    failures.succeeded(endpoint("a"));

    assertThat(next("a", "b")).isEqualTo("a");
  }

  @Test
  void shouldLetOneRequestAloneTryAgainWhatFailed() {
    fails("a");
    clock.pass(LONGEST);
    assertThat(next("a", "b")).isEqualTo("a");

    failures.asked(endpoint("a"));

    assertThat(next("a", "b")).as("while the first request waits for a").isEqualTo("b");
  }

  @Test
  void shouldRememberForLongerWhatFailsAgainAndAgain() {
    for (int i = 0; i < 10; i++) {
      fails("a");
    }

    clock.pass(LONGEST.dividedBy(2));
    assertThat(next("a", "b")).isEqualTo("b");
    clock.pass(LONGEST);
    assertThat(next("a", "b")).isEqualTo("a");
  }

  @Test
  void shouldNotRememberWithoutBound() {
    for (int i = 0; i < 5000; i++) {
      failures.failed(endpoint("e" + i));
    }

    assertThat(next("e0", "other")).isEqualTo("e0");
    assertThat(next("e4999", "other")).isEqualTo("other");
  }
}

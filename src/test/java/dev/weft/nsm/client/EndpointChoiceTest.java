package dev.weft.nsm.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.PendingConnection;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.endpoint.CandidatePlanner.Candidate;
import dev.weft.nsm.endpoint.EndpointFailures;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Endpoints whose names say what they do: refuse, hang, or agree. */
class EndpointChoiceTest {
  private static final String NODE = "00000000000000a1";
  private static final Clock CLOCK = Clock.systemUTC();

  private final Vertx vertx = Vertx.vertx();
  private final RoomThread thread = new RoomThread(vertx.getOrCreateContext());
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final EndpointChoice choice =
      new EndpointChoice(
          CLOCK,
          thread,
          new EndpointFailures(CLOCK, new Random(1)),
          candidate -> this::agree,
          id -> id.equals(NODE) ? "n1" : id);

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldAskAGoodEndpointBehindManyThatRefuse() {
    List<String> names = IntStream.range(0, 9).mapToObj(i -> "refuse" + i).toList();

    Connection chosen = choose(Duration.ofSeconds(15), plan(names, "good"));

    assertThat(chosen.endpoint().provider()).isEqualTo("good");
    assertThat(asked).hasSize(10).doesNotHaveDuplicates();
  }

  @Test
  void shouldAskFirstNextTimeWhatDidNotRefuse() {
    List<String> names = IntStream.range(0, 9).mapToObj(i -> "refuse" + i).toList();
    choose(Duration.ofSeconds(15), plan(names, "good"));
    asked.clear();

    choose(Duration.ofSeconds(15), plan(names, "good"));

    assertThat(asked).containsExactly("good");
  }

  @Test
  void shouldSpendNoMoreThanItsShareOnAnEndpointThatHangs() {
    long began = System.nanoTime();

    Connection chosen = choose(Duration.ofSeconds(4), plan(List.of("hang"), "good"));

    assertThat(chosen.endpoint().provider()).isEqualTo("good");
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
  }

  @Test
  void shouldEndInTimeAndNameWhoWasAskedAndHowManyWereNot() {
    List<Candidate> plan = plan(List.of("hang0", "hang1", "hang2"), "hang3");

    assertThatThrownBy(() -> choose(Duration.ofSeconds(1), plan))
        .isInstanceOf(CompletionException.class)
        .hasMessageContaining("endpoint hang0 on node n1: no answer within 2000 ms")
        .hasMessageContaining("no time was left to ask 3 more");
    assertThat(asked).containsExactly("hang0");
  }

  private Connection choose(Duration time, List<Candidate> plan) {
    PendingConnection pending =
        new PendingConnection(
            "00000000000000c1",
            "uid-1",
            "echo",
            List.of(),
            CLOCK.instant(),
            new Connection.Client(NODE, PodRef.parse("c1"), "c1", 17, "echo", null),
            List.of(Cidr.parse("10.44.0.0/30")),
            null,
            false,
            new AtomicLong());
    return thread
        .call(() -> choice.choose(pending, plan, CLOCK.instant().plus(time)))
        .toCompletionStage()
        .toCompletableFuture()
        .join();
  }

  private Future<Connection> agree(PendingConnection pending, Candidate candidate) {
    String name = candidate.endpoint().provider();
    asked.add(name);
    if (name.startsWith("refuse")) {
      return Future.failedFuture(Fault.UNAVAILABLE.because("not now"));
    }
    if (name.startsWith("hang")) {
      return Promise.<Connection>promise().future();
    }
    return Future.succeededFuture(
        pending.joined(
            candidate.agreed(),
            new Connection.Target(NODE, "", name, "e1", 18, null, "nsm1"),
            new Connection.Link(
                Mechanism.VETH, "10.44.0.0/30", null, List.of(), 1500, 0, null, null)));
  }

  private static List<Candidate> plan(List<String> first, String last) {
    return Stream.concat(first.stream(), Stream.of(last))
        .map(p -> new Endpoint(NODE, "", p, "echo", List.of()))
        .map(e -> new Candidate(e, RequestedInterface.DEFAULT, 0))
        .toList();
  }
}

package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Asks live members at once. */
final class Members {
  private static final Duration DEADLINE = Duration.ofSeconds(2);

  /**
   * What came back.
   *
   * @param byNode the answers by member id
   */
  record Answers<T>(SortedMap<String, T> byNode, List<Page.Unanswered> unanswered) {
    boolean answered(String node) {
      return unanswered.stream().noneMatch(u -> u.node().equals(node));
    }
  }

  private final Bus bus;
  private final Cluster cluster;

  Members(Bus bus, Cluster cluster) {
    this.bus = bus;
    this.cluster = cluster;
  }

  /**
   * Every answer, and who did not answer within 2 s.
   *
   * @param all whether every member is asked, or this node alone
   */
  <C, T> Future<Answers<T>> ask(boolean all, Class<C> contract, Function<C, Future<T>> question) {
    List<Member> asked =
        cluster.members().stream().filter(m -> all || m.id().equals(cluster.self())).toList();
    List<Future<T>> answers =
        asked.stream().map(m -> question.apply(bus.proxy(contract, m.id(), DEADLINE))).toList();
    return Future.join(answers).transform(done -> Future.succeededFuture(sorted(asked, answers)));
  }

  /** Who need not be asked; null if nobody is away. */
  List<Page.Unanswered> away() {
    List<Page.Unanswered> away =
        cluster.away().stream()
            .map(a -> new Page.Unanswered(a.member().id(), a.member().name(), a.text()))
            .toList();
    return away.isEmpty() ? null : away;
  }

  private static <T> Answers<T> sorted(List<Member> asked, List<Future<T>> answers) {
    Answers<T> sorted = new Answers<>(new TreeMap<>(), new ArrayList<>());
    for (int i = 0; i < asked.size(); i++) {
      Member member = asked.get(i);
      Future<T> answer = answers.get(i);
      if (answer.succeeded()) {
        sorted.byNode.put(member.id(), answer.result());
      } else {
        String reason = WeftException.of(answer.cause()).getMessage();
        sorted.unanswered.add(new Page.Unanswered(member.id(), member.name(), reason));
      }
    }
    return sorted;
  }
}

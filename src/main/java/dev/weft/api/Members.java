package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Questions to this node, or to every live member at once. */
final class Members {
  private static final Duration DEADLINE = Duration.ofSeconds(2);

  private final Bus bus;
  private final Cluster cluster;

  Members(Bus bus, Cluster cluster) {
    this.bus = bus;
    this.cluster = cluster;
  }

  List<Member> live() {
    return cluster.members();
  }

  boolean isSelf(Member member) {
    return member.id().equals(cluster.self());
  }

  /**
   * @param scope {@code cluster}, or anything else for this node alone
   */
  <C, T> Future<Page<T>> list(
      String scope, Class<C> contract, Function<C, Future<List<T>>> question) {
    return "cluster".equals(scope)
        ? askAll(contract, question)
        : question.apply(bus.proxy(contract)).map(Page::of);
  }

  /** Every answer in the order of the members' names, and who did not answer within 2 s. */
  <C, T> Future<Page<T>> askAll(Class<C> contract, Function<C, Future<List<T>>> question) {
    List<Member> asked = live();
    List<Future<List<T>>> answers =
        asked.stream().map(m -> question.apply(bus.proxy(contract, m.id(), DEADLINE))).toList();
    return Future.join(answers).transform(done -> Future.succeededFuture(page(asked, answers)));
  }

  private static <T> Page<T> page(List<Member> asked, List<Future<List<T>>> answers) {
    List<T> items = new ArrayList<>();
    List<Page.Unanswered> unanswered = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      Member member = asked.get(i);
      Future<List<T>> answer = answers.get(i);
      if (answer.succeeded()) {
        items.addAll(answer.result());
      } else {
        String reason = WeftException.of(answer.cause()).getMessage();
        unanswered.add(new Page.Unanswered(member.id(), member.name(), reason));
      }
    }
    return new Page<>(items, unanswered);
  }
}

package dev.weft.api;

import dev.weft.cluster.Member;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** {@code /node} and {@code /nodes}. */
final class NodeResource {
  /**
   * A member, and what it says of its health.
   *
   * @param state null if it was not asked or did not answer
   */
  record Node(
      String id,
      String name,
      String version,
      String grpc,
      String bus,
      String http,
      long epoch,
      Instant startedAt,
      boolean self,
      String state,
      List<Health.Warning> warnings) {}

  private final Members members;
  private final NodeHealth here;

  NodeResource(Members members, NodeHealth here) {
    this.members = members;
    this.here = here;
  }

  void bind(Operations operations) {
    operations.answer("getNode", ctx -> here.status());
    operations.answer("listNodes", this::onList);
  }

  private Future<Page<Node>> onList(RoutingContext ctx) {
    return statuses(ctx.queryParams().get("scope"))
        .map(
            page -> {
              Map<String, NodeStatus> byId =
                  page.items().stream()
                      .collect(Collectors.toMap(NodeStatus::id, Function.identity()));
              return new Page<>(
                  members.live().stream().map(m -> node(m, byId.get(m.id()))).toList(),
                  page.unanswered());
            });
  }

  private Future<Page<NodeStatus>> statuses(String scope) {
    return "cluster".equals(scope)
        ? members.askAll(NodeHealth.class, h -> h.status().map(List::of))
        : here.status().map(s -> Page.of(List.of(s)));
  }

  private Node node(Member m, NodeStatus status) {
    return new Node(
        m.id(),
        m.name(),
        m.version(),
        m.grpc(),
        m.bus(),
        m.http(),
        m.epoch(),
        Instant.ofEpochSecond(m.startedAt()),
        members.isSelf(m),
        status == null ? null : status.state(),
        status == null ? null : status.warnings());
  }
}

package dev.weft.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.bus.Reason;
import dev.weft.cluster.AwayMember;
import dev.weft.cluster.Cluster;
import dev.weft.pod.Pod;
import dev.weft.pod.Pods;
import dev.weft.subnet.Subnets;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Members that left and are expected back, with what hangs on each. */
final class AwayNodes {
  private static final Logger log = LoggerFactory.getLogger(AwayNodes.class);

  private static final String STATE = "away";

  /** Names shown of each kind; {@code more} counts the others. */
  private static final int MAX_NAMES = 100;

  private final Cluster cluster;
  private final Pods pods;
  private final Subnets subnets;
  private final Wires wires;

  AwayNodes(Bus bus, Cluster cluster) {
    this.cluster = cluster;
    this.pods = bus.proxy(Pods.class);
    this.subnets = bus.proxy(Subnets.class);
    this.wires = bus.proxy(Wires.class);
  }

  /** As the first rows of the list of nodes. */
  Future<Stream<ListRow<ObjectNode>>> rows() {
    List<AwayMember> away = cluster.away();
    return away.isEmpty()
        ? Future.succeededFuture(Stream.empty())
        : Future.all(
                grouped(pods.away(), Pod::node, pod -> pod.ref().toString()),
                grouped(subnets.leases(), Subnets.SubnetView::holder, Subnets.SubnetView::subnet),
                grouped(wires.list(), wire -> wire.spec().peer().node(), wire -> wire.spec().id()))
            .map(
                known ->
                    away.stream()
                        .map(
                            node ->
                                row(
                                    node,
                                    known.resultAt(0),
                                    known.resultAt(1),
                                    known.resultAt(2))));
  }

  /** Forgets a node on every member, and frees its subnet; if not now, the subnet's room will. */
  Future<Void> forget(String id) {
    String name = cluster.name(id);
    return cluster
        .forget(id)
        .compose(
            v ->
                subnets
                    .free(id)
                    .onFailure(e -> log.info("subnet of node {} not freed: {}", name, Reason.of(e)))
                    .otherwiseEmpty());
  }

  /** What a list has of each node. */
  private static <T> Future<Map<String, List<String>>> grouped(
      Future<List<T>> all, Function<T, String> node, Function<T, String> name) {
    return all.map(
        items ->
            items.stream()
                // A wire to a device, or to nothing yet, has no other node.
                .filter(item -> node.apply(item) != null)
                .collect(
                    Collectors.groupingBy(node, Collectors.mapping(name, Collectors.toList()))));
  }

  private static ListRow<ObjectNode> row(
      AwayMember away,
      Map<String, List<String>> pods,
      Map<String, List<String>> subnets,
      Map<String, List<String>> wires) {
    String id = away.member().id();
    ObjectNode view = Json.mapper().valueToTree(away.member());
    view.put("startedAt", Instant.ofEpochSecond(away.member().startedAt()).toString())
        .put("self", false)
        .put("state", STATE)
        .put("lastSeen", Instant.ofEpochSecond(away.since()).toString());
    ObjectNode hangs = view.putObject("hangs");
    put(hangs, "pods", pods.getOrDefault(id, List.of()));
    put(hangs, "subnets", subnets.getOrDefault(id, List.of()));
    put(hangs, "wires", wires.getOrDefault(id, List.of()));
    return ListRow.ranked(view, STATE, 0, away.member().name(), id);
  }

  private static void put(ObjectNode hangs, String kind, List<String> names) {
    hangs.set(kind, Json.mapper().valueToTree(names.stream().sorted().limit(MAX_NAMES).toList()));
    if (names.size() > MAX_NAMES) {
      hangs.put("more", hangs.path("more").asInt() + names.size() - MAX_NAMES);
    }
  }
}

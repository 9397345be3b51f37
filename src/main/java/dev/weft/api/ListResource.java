package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.NetworkService;
import dev.weft.nsm.NetworkServices;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Serves every list of the API; {@link Lists} makes them. */
final class ListResource implements MemberLists {
  /** By operation, the lists that need nothing but their rows. */
  private static final Map<String, String> LISTS =
      Map.ofEntries(
          Map.entry("listPods", "pods"),
          Map.entry("listWires", "wires"),
          Map.entry("listLinks", "links"),
          Map.entry("listConnections", "connections"),
          Map.entry("listChains", "chains"),
          Map.entry("listSubnets", "subnets"),
          Map.entry("listAddresses", "addresses"),
          Map.entry("listRoutes", "routes"),
          Map.entry("listMeshLinks", "mesh/links"),
          Map.entry("listMeshRoutes", "mesh/routes"),
          Map.entry("listMeshPeers", "mesh/peers"),
          Map.entry("listMeshServices", "mesh/services"),
          Map.entry("listMeshExports", "mesh/exports"),
          Map.entry("listMeshForwards", "mesh/forwards"),
          Map.entry("listProxyConnections", "proxy/connections"));

  /**
   * Topologies, and the single links whose places are between them.
   *
   * @param links made by {@code POST /wires}
   */
  private record TopologyPage(
      List<JsonNode> items,
      List<JsonNode> links,
      List<Page.Unanswered> unanswered,
      String next,
      Integer total) {}

  private final Cluster cluster;
  private final Members members;
  private final NetworkServices services;
  private final Lists lists;
  private final NodeWays ways;
  private final AwayNodes away;

  ListResource(Bus bus, Cluster cluster, NodeWays ways) {
    this.cluster = cluster;
    this.ways = ways;
    this.away = new AwayNodes(bus, cluster);
    this.members = new Members(bus, cluster);
    this.services = bus.proxy(NetworkServices.class);
    this.lists = new Lists(members, new RoomLists(bus, cluster.self()).all());
  }

  void bind(Operations operations) {
    operations.answer("listNodes", ctx -> nodes(Lists.Query.of(ctx.queryParams())));
    operations.answer("forgetNode", ctx -> away.forget(ctx.pathParam("id")));
    operations.answer("listServices", ctx -> services(Lists.Query.of(ctx.queryParams())));
    operations.answer("listTopologies", ctx -> topologies(Lists.Query.of(ctx.queryParams())));
    LISTS.forEach(
        (operation, list) ->
            operations.answer(operation, ctx -> page(list, Lists.Query.of(ctx.queryParams()))));
  }

  /** A part of a list that the rooms below have. */
  Future<Page<JsonNode>> page(String list, Lists.Query query) {
    return lists.page(list, query);
  }

  @Override
  public Future<ListRows> rows(String list, String after, int limit) {
    return lists.rows(list, after, limit);
  }

  @Override
  public Future<Map<String, Integer>> connectionsByEndpoint() {
    return services
        .connections()
        .map(
            all ->
                all.stream()
                    .filter(c -> cluster.self().equals(c.endpointNode()))
                    .collect(
                        Collectors.groupingBy(
                            c -> provided(c) + " " + c.provider(), Collectors.summingInt(c -> 1))));
  }

  /** The service that a connection's endpoint provides, which of a chain is another. */
  private static String provided(ConnectionStatus c) {
    return c.hops().isEmpty() ? c.service() : c.hops().get(0).service();
  }

  private Future<Page<JsonNode>> nodes(Lists.Query query) {
    return members
        .ask(query.cluster(), NodeHealth.class, NodeHealth::status)
        .compose(
            known ->
                away.rows()
                    .map(
                        left ->
                            part(
                                Stream.concat(
                                    cluster.members().stream()
                                        .map(m -> row(m, known, query.cluster())),
                                    left),
                                query,
                                known)));
  }

  private Future<Page<JsonNode>> services(Lists.Query query) {
    return members
        .ask(query.cluster(), MemberLists.class, MemberLists::connectionsByEndpoint)
        .compose(
            known ->
                services
                    .services()
                    .map(
                        all ->
                            part(
                                all.stream()
                                    .map(
                                        s -> ListRow.of(view(s, known, query.cluster()), s.name())),
                                query,
                                known)));
  }

  private static <T> Page<JsonNode> part(
      Stream<ListRow<T>> rows, Lists.Query query, Members.Answers<?> known) {
    ListRows part = ListRows.of(rows.toList(), query.after(), query.limit());
    return Lists.page(part, known.unanswered(), null);
  }

  /**
   * A live member, behind those that are away.
   *
   * @param all whether every member was asked: then those that are well follow the others
   */
  private ListRow<ObjectNode> row(Member member, Members.Answers<NodeStatus> known, boolean all) {
    NodeStatus status = known.byNode().get(member.id());
    String state = status == null ? null : status.state();
    int rank = !all || NodeStatus.WELL.equals(state) ? 2 : 1;
    return ListRow.ranked(view(member, status), state, rank, member.name(), member.id());
  }

  /**
   * The member, its health, and the way by which this node reaches it.
   *
   * @param status null if the member was not asked or did not answer
   */
  private ObjectNode view(Member member, NodeStatus status) {
    ObjectNode view =
        Json.mapper()
            .<ObjectNode>valueToTree(member)
            .put("startedAt", Instant.ofEpochSecond(member.startedAt()).toString())
            .put("self", member.id().equals(cluster.self()));
    if (member.id().equals(member.home())) {
      view.put("home", "none");
    }
    ways.way(member.id()).ifPresent(way -> view.set("way", Json.mapper().valueToTree(way)));
    if (status != null) {
      view.put("state", status.state())
          .set("warnings", Json.mapper().valueToTree(status.warnings()));
    }
    return view;
  }

  /**
   * The service with the number of connections of each endpoint.
   *
   * @param all whether every member was asked: then an endpoint has none unless its node did not
   *     answer
   */
  private static JsonNode view(
      NetworkService service, Members.Answers<Map<String, Integer>> used, boolean all) {
    ObjectNode view = Json.mapper().valueToTree(service);
    for (JsonNode endpoint : view.withArray("endpoints")) {
      String node = endpoint.path("node").asText();
      Map<String, Integer> told = used.byNode().get(node);
      if (told != null || (all && used.answered(node))) {
        String namespace = endpoint.path("namespace").asText();
        String provider = endpoint.path("provider").asText();
        String name = namespace.isEmpty() ? provider : namespace + "/" + provider;
        int count = told == null ? 0 : told.getOrDefault(service.name() + " " + name, 0);
        ((ObjectNode) endpoint).put("connections", count);
      }
    }
    return view;
  }

  private Future<TopologyPage> topologies(Lists.Query query) {
    return page("topologies", query)
        .map(
            page -> {
              Map<Boolean, List<JsonNode>> whole =
                  page.items().stream()
                      .collect(Collectors.partitioningBy(item -> item.has("topology")));
              return new TopologyPage(
                  whole.get(true), whole.get(false), page.unanswered(), page.next(), page.total());
            });
  }
}

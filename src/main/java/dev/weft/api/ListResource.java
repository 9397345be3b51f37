package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.cluster.Cluster;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.NetworkService;
import dev.weft.nsm.NetworkServices;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Every list of the API, as {@link Lists} gives them. */
final class ListResource implements MemberLists {
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
  private final NodeHealth here;
  private final Members members;
  private final NetworkServices services;
  private final Lists lists;

  ListResource(Bus bus, Cluster cluster, NodeHealth here) {
    this.cluster = cluster;
    this.here = here;
    this.members = new Members(bus, cluster);
    this.services = bus.proxy(NetworkServices.class);
    this.lists = new Lists(members, new RoomLists(bus, cluster.self()).all());
  }

  void bind(Operations operations) {
    operations.answer("listNodes", ctx -> nodes(Lists.Query.of(ctx.queryParams())));
    operations.answer("listServices", ctx -> services(Lists.Query.of(ctx.queryParams())));
    operations.answer("listTopologies", ctx -> topologies(Lists.Query.of(ctx.queryParams())));
    Map.of(
            "listPods", "pods",
            "listWires", "wires",
            "listLinks", "links",
            "listConnections", "connections",
            "listSubnets", "subnets",
            "listAddresses", "addresses",
            "listRoutes", "routes")
        .forEach(
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
                            c -> c.service() + " " + c.provider(),
                            Collectors.mapping(
                                ConnectionStatus::id,
                                Collectors.collectingAndThen(
                                    Collectors.toSet(), ids -> ids.size())))));
  }

  private Future<Page<JsonNode>> nodes(Lists.Query query) {
    Future<Members.Answers<NodeStatus>> statuses =
        query.cluster()
            ? members.ask(NodeHealth.class, NodeHealth::status)
            : here.status().map(s -> Members.Answers.ofOne(s.id(), s));
    return statuses.map(
        known -> {
          List<ListRow<NodeView>> rows =
              cluster.members().stream()
                  .map(
                      m ->
                          NodeView.of(m, m.id().equals(cluster.self()), known.byNode().get(m.id())))
                  .map(n -> ListRow.of(n, n.name(), n.id()))
                  .toList();
          return Lists.page(ListRows.of(rows, query.after(), query.limit()), known.unanswered());
        });
  }

  private Future<Page<JsonNode>> services(Lists.Query query) {
    Future<Members.Answers<Map<String, Integer>>> used =
        query.cluster()
            ? members.ask(MemberLists.class, MemberLists::connectionsByEndpoint)
            : connectionsByEndpoint().map(u -> Members.Answers.ofOne(cluster.self(), u));
    return used.compose(
        known ->
            services
                .services()
                .map(
                    all -> {
                      List<ListRow<JsonNode>> rows =
                          all.stream()
                              .map(
                                  s ->
                                      ListRow.of(
                                          view(s, known.byNode(), query.cluster()), s.name()))
                              .toList();
                      return Lists.page(
                          ListRows.of(rows, query.after(), query.limit()), known.unanswered());
                    }));
  }

  /**
   * The service with the number of connections that each endpoint has.
   *
   * @param all whether endpoints of which no node told it have none
   */
  private static JsonNode view(
      NetworkService service, Map<String, Map<String, Integer>> used, boolean all) {
    ObjectNode view = Json.mapper().valueToTree(service);
    for (JsonNode endpoint : view.withArray("endpoints")) {
      Map<String, Integer> told = used.get(endpoint.path("node").asText());
      if (told != null || all) {
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

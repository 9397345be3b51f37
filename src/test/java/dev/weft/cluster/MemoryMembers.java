package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.telemetry.Health;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Members whose cluster is memory, as homes of outposts. */
final class MemoryMembers implements AutoCloseable, HomeLine {
  final Vertx vertx = Vertx.vertx();
  final Map<String, MemoryMember> members = new ConcurrentHashMap<>();

  /** Members that outposts do not reach. */
  final Set<String> cut = ConcurrentHashMap.newKeySet();

  private final Map<String, SharedMap> maps = new ConcurrentHashMap<>();
  private final List<OutpostNode> outposts = new ArrayList<>();

  /** A table that all members share, as Hazelcast has it. */
  private static final class SharedMap implements LeaseStore {
    private final Map<String, String> rows = new ConcurrentHashMap<>();
    private final List<ReplicatedTable> fed = new CopyOnWriteArrayList<>();

    @Override
    public Map<String, String> all() {
      return Map.copyOf(rows);
    }

    @Override
    public void set(String key, String value) {
      rows.put(key, value);
      fed.forEach(table -> table.onEntry(key, value));
    }

    @Override
    public void delete(String key) {
      rows.remove(key);
    }

    @Override
    public String get(String key) {
      return rows.get(key);
    }

    @Override
    public boolean replace(String key, String seen, String value) {
      boolean replaced =
          seen == null ? rows.putIfAbsent(key, value) == null : rows.replace(key, seen, value);
      if (replaced) {
        fed.forEach(table -> table.onEntry(key, value));
      }
      return replaced;
    }
  }

  /** One member. */
  final class MemoryMember implements HostedOutposts.House {
    final String id;
    final TableContext context;
    final Tables tables;
    final HostedOutposts home;
    volatile Optional<String> notHome = Optional.empty();

    private MemoryMember(String id) {
      this.id = id;
      this.context = contextOf(id);
      ChangeLog changes = new ChangeLog();
      this.home = new HostedOutposts(context, changes, this);
      this.tables =
          new Tables(
              (table, key) -> {
                changes.changed(table, key);
                home.changed();
              });
      owned(ClusterNode.MEMBERS);
    }

    OwnedTable owned(String name) {
      return (OwnedTable)
          tables.open(
              name,
              () ->
                  fed(
                      new ReplicatedOwnedTable(
                          name,
                          map(name),
                          context,
                          node -> live().contains(node),
                          node -> false,
                          home::hosts)));
    }

    Leases leases(String name) {
      return (Leases)
          tables.open(
              name,
              () ->
                  fed(
                      new ReplicatedLeases(
                          name, map(name), context, Optional::empty, Optional.empty())));
    }

    private ReplicatedTable fed(ReplicatedTable table) {
      map(table.name).fed.add(table);
      return table;
    }

    @Override
    public Optional<ReplicatedTable> table(String name) {
      return tables.find(name);
    }

    @Override
    public Set<String> live() {
      Set<String> live = new HashSet<>(members.keySet());
      members.values().stream().map(m -> m.home.hosted()).forEach(live::addAll);
      return live;
    }

    @Override
    public Optional<String> leaseRefusal() {
      return Optional.empty();
    }

    @Override
    public Optional<String> refusal() {
      return notHome;
    }

    @Override
    public OwnedTable claims() {
      return owned(ClusterNode.OUTPOSTS);
    }
  }

  MemoryMember member(String id) {
    return members.computeIfAbsent(id, MemoryMember::new);
  }

  /** An outpost that looks for its home among the members. */
  OutpostNode outpost(String id, Optional<Duration> aloneAfter) {
    TableContext context = contextOf(id);
    AwayMembers away =
        AwayMembers.open(context.store(), context.clock(), Duration.ofDays(1)).result();
    OutpostNode node = OutpostNode.open(context, new Health(), away, aloneAfter, false);
    outposts.add(node);
    node.through(this);
    return node;
  }

  private SharedMap map(String name) {
    return maps.computeIfAbsent(name, n -> new SharedMap());
  }

  private TableContext contextOf(String id) {
    return new TableContext(
        id,
        1,
        vertx,
        new TestSigner(id),
        new ClusterThread(),
        Clock.systemUTC(),
        new MemoryStore());
  }

  @Override
  public Future<List<String>> reachable() {
    return Future.succeededFuture(
        members.keySet().stream().filter(id -> !cut.contains(id)).sorted().toList());
  }

  /** Fails for a member that is cut off, also for what it has been asked before. */
  @Override
  public Home to(String node) {
    return (Home)
        Proxy.newProxyInstance(
            Home.class.getClassLoader(),
            new Class<?>[] {Home.class},
            (proxy, method, arguments) ->
                cut.contains(node)
                    ? unreachable(node)
                    : ((Future<?>) method.invoke(members.get(node).home, arguments))
                        .compose(
                            v ->
                                cut.contains(node)
                                    ? unreachable(node)
                                    : Future.succeededFuture(v)));
  }

  private static <T> Future<T> unreachable(String node) {
    return Future.failedFuture(Fault.UNAVAILABLE.because("node " + node + " is cut off"));
  }

  @Override
  public void close() {
    outposts.forEach(OutpostNode::stop);
    members
        .values()
        .forEach(
            member -> {
              member.home.stop();
              member.context.thread().stop();
            });
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}

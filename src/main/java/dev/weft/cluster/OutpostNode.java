package dev.weft.cluster;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.Reason;
import dev.weft.cluster.proto.Entry;
import dev.weft.cluster.proto.FollowRequest;
import dev.weft.cluster.proto.LeaveRequest;
import dev.weft.cluster.proto.News;
import dev.weft.identity.Identity;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.transport.Transport;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place in the cluster of a node that is outside of its network: a member to which the mesh
 * leads, its home, shows it the tables and publishes its records. Without a home it knows what it
 * knew, and its records wait.
 */
public final class OutpostNode extends OwnPlace {
  private static final Logger log = LoggerFactory.getLogger(OutpostNode.class);
  private static final Duration SYNC_EVERY = Duration.ofSeconds(30);

  /** Under this key the store has the last home. */
  private static final String HOME = "home";

  /** Nodes that all are no homes for so long leave this one alone. */
  private static final Duration ALONE_AFTER = Duration.ofSeconds(15);

  private static final int MOST_TABLES = 64;
  private static final long GOODBYE_SECONDS = 1;

  private final Optional<Duration> aloneAfter;
  private final Outbox outbox;
  private final Tables tables = new Tables((table, key) -> {});
  private final KnownMembers known = new KnownMembers();
  private final long run = new SecureRandom().nextLong();

  /** By table; changed on the cluster thread. */
  private final Map<String, HomeTableStore> stores = new HashMap<>();

  private volatile Optional<HomeLine> line = Optional.empty();
  private Optional<HomeSearch> search = Optional.empty();
  private Optional<Member> me = Optional.empty();

  /** The home that is followed, by id. */
  private volatile Optional<String> homeId = Optional.empty();

  private volatile Optional<Home> home = Optional.empty();
  private volatile String refusal = "no home yet";
  private volatile boolean alone;
  private volatile Set<String> live = Set.of();
  private boolean hadHome;
  private long declinedSince;
  private String announcedHome = "";

  // What is known of the present home, or of the one before.
  private long homeRun;
  private long after;
  private long liveVersion;
  private boolean complete;

  private OutpostNode(
      TableContext context,
      Health health,
      AwayMembers away,
      Optional<Duration> aloneAfter,
      boolean hadHome) {
    super(context, health, away);
    this.aloneAfter = aloneAfter;
    this.hadHome = hadHome;
    this.outbox = new Outbox(context.self(), thread);
  }

  /**
   * Starts with what the disk knows.
   *
   * @param epoch how often this node has started
   * @param mayBeAlone whether it gives leases itself as long as no node of the mesh ever was its
   *     home, and all say that they are none
   * @param forgetAfter how long a node that is away is remembered
   */
  public static Future<ClusterPlace> start(
      Identity identity,
      long epoch,
      Store store,
      Health health,
      VertxOptions options,
      Transport transport,
      Clock clock,
      boolean mayBeAlone,
      Duration forgetAfter) {
    health.state(ClusterNode.ROOM, Health.State.STARTING);
    return store
        .get(ClusterNode.ROOM, HOME)
        .compose(
            before ->
                AwayMembers.open(store, clock, forgetAfter).map(away -> Map.entry(before, away)))
        .map(
            noted -> {
              TableContext context =
                  new TableContext(
                      identity.nodeId().value(),
                      epoch,
                      Vertx.builder().with(options).withTransport(transport).build(),
                      new IdentitySigner(identity),
                      new ClusterThread(),
                      clock,
                      store);
              Optional<Duration> aloneAfter =
                  mayBeAlone ? Optional.of(ALONE_AFTER) : Optional.empty();
              OutpostNode node =
                  open(context, health, noted.getValue(), aloneAfter, noted.getKey().isPresent());
              identity.onChange(() -> node.thread.run(node::onIdentityChanged));
              return node;
            });
  }

  /**
   * Opens the tables.
   *
   * @param away whom this node knew before
   * @param aloneAfter how long all nodes of the mesh have to be no homes before this one gives
   *     leases itself; empty if it never does
   * @param hadHome whether it ever had a home, after which it never does
   */
  static OutpostNode open(
      TableContext context,
      Health health,
      AwayMembers away,
      Optional<Duration> aloneAfter,
      boolean hadHome) {
    OutpostNode node = new OutpostNode(context, health, away, aloneAfter, hadHome);
    node.owned(ClusterNode.MEMBERS).onChange(() -> node.thread.run(node::onRecords));
    node.thread.every(SYNC_EVERY, node::sync);
    node.common(AwayMembers.FORGOTTEN)
        .onChange(() -> node.thread.run(() -> node.review(node.tables)));
    node.thread.every(SYNC_EVERY, () -> node.review(node.tables));
    node.thread.every(AwayMembers.NOTE_EVERY, away::noteAlive);
    return node;
  }

  private void onIdentityChanged() {
    tables.signAgain();
    sync();
  }

  @Override
  public void through(HomeLine opened) {
    line = Optional.of(opened);
  }

  @Override
  public Future<Void> announce(Bus opened, String name, String version, String grpc, String http) {
    Member record =
        new Member(self(), name, version, grpc, null, http, epoch(), context.nowSeconds(), self());
    return opened
        .serve(Canary.class, () -> Future.succeededFuture(self()))
        .compose(
            v ->
                thread.call(
                    () -> {
                      publishOn(opened);
                      me = Optional.of(record);
                      announceHome(self());
                      search =
                          line.map(to -> new HomeSearch(self(), thread, to, new FollowedHome()));
                      search.ifPresent(HomeSearch::start);
                      return null;
                    }))
        .onSuccess(
            v -> {
              health.state(ClusterNode.ROOM, Health.State.READY);
              new CanaryWatch(vertx(), opened, this, health).start();
            })
        .mapEmpty();
  }

  /** Publishes this node's record with its home; its own id stands for none. */
  private void announceHome(String node) {
    if (node.equals(announcedHome) || me.isEmpty()) {
      return;
    }
    announcedHome = node;
    Member m = me.get();
    Member next =
        new Member(
            m.id(),
            m.name(),
            m.version(),
            m.grpc(),
            m.bus(),
            m.http(),
            m.epoch(),
            m.startedAt(),
            node);
    owned(ClusterNode.MEMBERS)
        .put("", Json.write(next))
        .onFailure(e -> log.warn("own record not written: {}", Reason.of(e)));
  }

  @Override
  public Optional<Home> home() {
    return Optional.empty();
  }

  @Override
  public boolean outpost() {
    return true;
  }

  @Override
  public List<Member> members() {
    return known.sorted();
  }

  @Override
  public Optional<Member> member(String id) {
    return Optional.ofNullable(known.byId().get(id));
  }

  @Override
  public Future<Void> forget(String node) {
    return Future.failedFuture(
        Fault.PRECONDITION.because("this node is an outpost (expected: a member is asked)"));
  }

  private boolean isLive(String node) {
    return node.equals(self()) || live.contains(node);
  }

  @Override
  public OwnedTable owned(String name) {
    return (OwnedTable)
        tables.open(
            name,
            () -> {
              HomeTableStore store = new HomeTableStore(name, self(), outbox);
              return fed(
                  new ReplicatedOwnedTable(
                      name, store, context, this::isLive, away::contains, node -> false),
                  store);
            });
  }

  @Override
  public CommonTable common(String name) {
    return (CommonTable)
        tables.open(
            name,
            () -> {
              HomeTableStore store = new HomeTableStore(name, self(), outbox);
              return loaded(new ReplicatedCommonTable(name, store, context), store);
            });
  }

  @Override
  public Leases leases(String name) {
    String table = ClusterNode.LEASE_PREFIX + name;
    return (Leases)
        tables.open(
            table,
            () -> {
              HomeLeaseStore store = new HomeLeaseStore(table, self(), outbox, new LeaseGiver());
              return loaded(
                  new ReplicatedLeases(table, store, context, this::leaseRefusal, Optional.empty()),
                  store);
            });
  }

  private Optional<String> leaseRefusal() {
    return refusal.isEmpty() ? Optional.empty() : Optional.of(refusal);
  }

  private ReplicatedTable loaded(ReplicatedCommonTable table, HomeTableStore store) {
    table
        .load()
        .onFailure(e -> log.error("table {} not read: {}", table.name, Reason.of(e)))
        .onComplete(done -> fed(table, store));
    return table;
  }

  private ReplicatedTable fed(ReplicatedTable table, HomeTableStore store) {
    thread.run(
        () -> {
          HomeTableStore early = stores.put(table.name, store);
          if (early != null) {
            store.shown.putAll(early.shown);
          }
          store.feed(table);
          if (complete) {
            table.sync();
          }
          table.opened();
        });
    return table;
  }

  private void sync() {
    if (complete && home.isPresent()) {
      tables.sync();
    }
  }

  private void onRecords() {
    known.take(owned(ClusterNode.MEMBERS).rows(), member -> true, this::changed);
    review(tables);
  }

  @Override
  public Future<Void> leave() {
    return thread
        .call(
            () -> {
              search.ifPresent(HomeSearch::close);
              return home;
            })
        .compose(this::sayGoodbye);
  }

  @Override
  public Future<Void> close() {
    stop();
    return vertx().close();
  }

  /** Says nothing to anybody any more. */
  void stop() {
    thread.stop();
  }

  private Future<Void> sayGoodbye(Optional<Home> present) {
    return present
        .map(
            to ->
                to.leave(self(), LeaveRequest.newBuilder().setRun(run).build())
                    .timeout(GOODBYE_SECONDS, TimeUnit.SECONDS)
                    .<Void>mapEmpty())
        .orElseGet(Future::succeededFuture);
  }

  private final class LeaseGiver implements HomeLeaseStore.Giver {
    @Override
    public Optional<Home> home() {
      return home;
    }

    @Override
    public boolean alone() {
      return alone;
    }
  }

  /** What comes of the search for a home; on the cluster thread. */
  private final class FollowedHome implements HomeSearch.Watcher {
    @Override
    public FollowRequest request() {
      return FollowRequest.newBuilder()
          .setEpoch(epoch())
          .setRun(run)
          .setHomeRun(homeRun)
          .setAfter(after)
          .setLiveVersion(liveVersion)
          .build();
    }

    @Override
    public Optional<Member> member(String id) {
      return OutpostNode.this.member(id);
    }

    @Override
    public void found(String node, Home calls, News first) {
      alone = false;
      declinedSince = 0;
      if (!homeId.equals(Optional.of(node))) {
        log.info("home is node {} ({})", first.getName(), node);
        publish(new HomeChanged(node, first.getName(), null));
        remember(node);
      }
      homeId = Optional.of(node);
      home = Optional.of(calls);
      health.clear(ClusterNode.ROOM, "no-home");
      if (first.getRun() != homeRun) {
        homeRun = first.getRun();
        complete = false;
        stores.values().forEach(HomeTableStore::forget);
      }
      announceHome(node);
      outbox.to(home);
      news(first);
      tables.leasesChanged();
    }

    @Override
    public void news(News news) {
      if (news.getRun() != homeRun) {
        // It has started again, and shows all from the beginning.
        homeRun = news.getRun();
        complete = false;
        stores.values().forEach(HomeTableStore::forget);
      }
      take(news.getEntriesList());
      after = news.getUpTo();
      boolean mayChanged = !refusal.equals(news.getRefusal());
      refusal = news.getRefusal();
      if (!news.getLiveList().isEmpty()) {
        liveVersion = news.getLiveVersion();
        takeLive(new HashSet<>(news.getLiveList()));
      }
      if (!complete && !news.getMore()) {
        complete = true;
        tables.sync();
      }
      if (mayChanged) {
        tables.leasesChanged();
      }
    }

    private void take(List<Entry> entries) {
      for (Entry entry : entries) {
        HomeTableStore store = stores.get(entry.getTable());
        if (store == null && stores.size() < MOST_TABLES) {
          // Rows of a table that no room has opened yet.
          store = new HomeTableStore(entry.getTable(), self(), outbox);
          stores.put(entry.getTable(), store);
        }
        if (store != null) {
          store.show(entry.getKey(), entry.getJson());
        }
      }
    }

    private void takeLive(Set<String> now) {
      if (!now.equals(live)) {
        live = Set.copyOf(now);
        onRecords();
        tables.changed();
      }
    }

    @Override
    public void lost() {
      home = Optional.empty();
      outbox.to(home);
      refusal = "no home: the last one does not answer";
    }

    @Override
    public void none(String why, boolean declined) {
      long now = System.nanoTime();
      declinedSince = !declined ? 0 : declinedSince == 0 ? now : declinedSince;
      boolean wasAlone = alone;
      boolean quiet = aloneAfter.isPresent() && !hadHome && declined;
      alone = quiet && now - declinedSince >= aloneAfter.get().toNanos();
      refusal = alone ? "" : "no home: " + why;
      if (alone != wasAlone) {
        log.info("alone: {}", why);
        tables.leasesChanged();
      }
      if (homeId.isPresent()) {
        homeId = Optional.empty();
        publish(new HomeChanged(null, null, why));
      }
      health.show(
          !quiet,
          new Health.Warning(
              ClusterNode.ROOM,
              "no-home",
              "no home: " + why,
              "what other nodes change is not seen here, nor there what changes here; no leases",
              "check the mesh (weft links, weft routes) and that a member of the cluster runs"));
    }

    private void remember(String node) {
      hadHome = true;
      context
          .store()
          .put(ClusterNode.ROOM, HOME, node)
          .onFailure(e -> log.warn("home not noted: {}", Reason.of(e)));
    }
  }
}

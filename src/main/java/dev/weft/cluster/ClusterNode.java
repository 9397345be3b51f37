package dev.weft.cluster;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.LifecycleEvent.LifecycleState;
import dev.weft.address.HostPort;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.Signer;
import dev.weft.bus.WeftException;
import dev.weft.config.ClusterConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.spi.cluster.NodeInfo;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's place in the cluster: the clustered Vert.x, the members and the shared tables.
 * Everything that may block on Hazelcast runs on one thread of its own.
 */
public final class ClusterNode implements Cluster {
  static final String MAP_PREFIX = "weft.";
  static final String LEASE_PREFIX = "lease.";

  private static final Logger log = LoggerFactory.getLogger(ClusterNode.class);
  private static final String ROOM = "cluster";
  private static final String MEMBERS = "members";
  private static final String LARGEST = "largest-membership";
  private static final Duration SYNC_EVERY = Duration.ofSeconds(30);

  private final String self;
  private final long epoch;
  private final Vertx vertx;
  private final HazelcastInstance hazelcast;
  private final HazelcastClusterManager manager;
  private final Signer signer;
  private final Store store;
  private final Health health;
  private final Clock clock;
  private final Quorum quorum;
  private final ScheduledExecutorService thread;
  private final Map<String, ReplicatedTable> tables = new ConcurrentHashMap<>();

  /** The largest membership on disk; of the cluster thread. */
  private int noted;

  private volatile Set<String> live = Set.of();
  private volatile Map<String, Member> members = Map.of();
  private volatile Bus bus;

  private ClusterNode(
      String self,
      long epoch,
      Vertx vertx,
      HazelcastClusterManager manager,
      Signer signer,
      Store store,
      Health health,
      Clock clock,
      Quorum quorum) {
    this.self = self;
    this.epoch = epoch;
    this.vertx = vertx;
    this.manager = manager;
    this.hazelcast = manager.getHazelcastInstance();
    this.signer = signer;
    this.store = store;
    this.health = health;
    this.clock = clock;
    this.quorum = quorum;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            r -> {
              Thread t = new Thread(r, "weft-cluster");
              t.setDaemon(true);
              return t;
            });
  }

  /**
   * Joins the cluster, or forms one alone when the join list is empty. Fails with CONFLICT when a
   * live member has this node's id already (a cloned disk).
   *
   * @param epoch how often this node has started
   */
  public static Future<ClusterNode> start(
      ClusterConfig config,
      SecurityConfig security,
      Identity identity,
      long epoch,
      Store store,
      Health health,
      VertxOptions options,
      Clock clock) {
    String self = identity.nodeId().value();
    health.state(ROOM, Health.State.STARTING);
    EventBusOptions bus =
        new EventBusOptions().setHost(config.bus().host()).setPort(config.bus().port());
    if (security.mutualTls()) {
      // The event bus copies its options through JSON, so it takes files and no trust manager of
      // ours: TLS proves that the other end is of the mesh, Answer proves which node it is.
      bus.setSsl(true)
          .setClientAuth(ClientAuth.REQUIRED)
          .setKeyCertOptions(
              new PemKeyCertOptions()
                  .addCertPath(security.cert().orElseThrow().toString())
                  .addKeyPath(security.key().orElseThrow().toString()))
          .setTrustOptions(
              new PemTrustOptions().addCertPath(security.ca().orElseThrow().toString()));
    }
    return store
        .get(ROOM, LARGEST)
        .map(text -> text.map(Integer::parseInt).orElse(0))
        .map(largest -> new Quorum(config.size(), config.join().size() + 1, largest))
        .compose(
            quorum -> start(config, identity, epoch, store, health, options, bus, quorum, clock));
  }

  private static Future<ClusterNode> start(
      ClusterConfig config,
      Identity identity,
      long epoch,
      Store store,
      Health health,
      VertxOptions options,
      EventBusOptions bus,
      Quorum quorum,
      Clock clock) {
    String self = identity.nodeId().value();
    HazelcastClusterManager manager =
        new HazelcastClusterManager(HazelcastSettings.of(config, self, quorum));
    return Vertx.builder()
        .with(new VertxOptions(options).setEventBusOptions(bus))
        .withClusterManager(manager)
        .buildClustered()
        .recover(e -> Future.failedFuture(notJoined(config, e)))
        .compose(
            vertx ->
                new ClusterNode(
                        self,
                        epoch,
                        vertx,
                        manager,
                        new IdentitySigner(identity),
                        store,
                        health,
                        clock,
                        quorum)
                    .open()
                    .recover(e -> vertx.close().transform(v -> Future.failedFuture(e))));
  }

  private static WeftException notJoined(ClusterConfig config, Throwable e) {
    // The event bus listens with Netty, whose failures are I/O exceptions; Hazelcast's are not.
    String what =
        e instanceof IOException
            ? "cluster.bus: cannot listen on " + config.bus()
            : "cluster.port: cannot listen on "
                + new HostPort(config.bind(), config.port())
                + ", or join";
    return Fault.UNAVAILABLE.because(what + ": " + e.getMessage(), e);
  }

  private Future<ClusterNode> open() {
    return onThread(
        () -> {
          checkUnique();
          hazelcast.getCluster().addMembershipListener(new Membership());
          hazelcast
              .getLifecycleService()
              .addLifecycleListener(
                  event -> {
                    if (event.getState() == LifecycleState.MERGED) {
                      later(this::sync);
                    }
                  });
          refreshLive();
          owned(MEMBERS).onChange(this::onMembersChanged);
          thread.scheduleWithFixedDelay(
              this::sync, SYNC_EVERY.toMillis(), SYNC_EVERY.toMillis(), TimeUnit.MILLISECONDS);
          return this;
        });
  }

  /** Publishes this node's own record; its bus address is filled in here. */
  public Future<Void> announce(Bus bus, Member me) {
    this.bus = bus;
    NodeInfo info = manager.getNodeInfo();
    Member full =
        new Member(
            self,
            me.name(),
            me.version(),
            me.grpc(),
            new HostPort(info.host(), info.port()).toString(),
            me.http(),
            epoch,
            me.startedAt());
    return bus.serve(Canary.class, () -> Future.succeededFuture(self))
        .compose(v -> owned(MEMBERS).put("", Json.write(full)))
        .onSuccess(
            v -> {
              health.state(ROOM, Health.State.READY);
              new CanaryWatch(vertx, bus, this, health).start();
            });
  }

  /** How often this node has started. */
  public long epoch() {
    return epoch;
  }

  /** This node's proof of what it says to others. */
  public Signer signer() {
    return signer;
  }

  public Vertx vertx() {
    return vertx;
  }

  @Override
  public String self() {
    return self;
  }

  @Override
  public List<Member> members() {
    return members.values().stream()
        .sorted(Comparator.comparing(Member::name).thenComparing(Member::id))
        .toList();
  }

  @Override
  public Optional<Member> member(String id) {
    return Optional.ofNullable(members.get(id));
  }

  @Override
  public OwnedTable owned(String name) {
    return (OwnedTable)
        tables.computeIfAbsent(
            name,
            n -> {
              HazelcastTableStore tableStore = tableStore(n);
              ReplicatedOwnedTable rows =
                  new ReplicatedOwnedTable(
                      vertx,
                      n,
                      tableStore,
                      signer,
                      self,
                      thread,
                      clock,
                      epoch,
                      id -> live.contains(id));
              return opened(rows, tableStore);
            });
  }

  @Override
  public CommonTable common(String name) {
    return (CommonTable)
        tables.computeIfAbsent(
            name,
            n -> {
              HazelcastTableStore tableStore = tableStore(n);
              ReplicatedCommonTable rows =
                  new ReplicatedCommonTable(
                      vertx, n, tableStore, signer, self, thread, clock, store);
              rows.load()
                  .onFailure(e -> log.error("table {} not read: {}", n, e.getMessage()))
                  .onComplete(done -> opened(rows, tableStore));
              return rows;
            });
  }

  /** Names that one holder has at a time. */
  public Leases leases(String name) {
    return (Leases)
        tables.computeIfAbsent(
            LEASE_PREFIX + name,
            n -> {
              LeaseTableStore tableStore =
                  new LeaseTableStore(hazelcast.getMap(MAP_PREFIX + n), n, signer, quorum);
              ReplicatedLeases rows =
                  new ReplicatedLeases(
                      vertx, n, tableStore, signer, self, thread, clock, store, quorum);
              rows.load()
                  .onFailure(e -> log.error("leases {} not read: {}", name, e.getMessage()))
                  .onComplete(done -> opened(rows, tableStore));
              return rows;
            });
  }

  /** Leaves the cluster and closes Vert.x with it. */
  public Future<Void> close() {
    thread.shutdownNow();
    return vertx.close();
  }

  private HazelcastTableStore tableStore(String name) {
    return new HazelcastTableStore(hazelcast.getMap(MAP_PREFIX + name));
  }

  private ReplicatedTable opened(ReplicatedTable rows, HazelcastTableStore tableStore) {
    thread.execute(
        () -> {
          tableStore.feed(rows);
          rows.sync(clock.instant().getEpochSecond());
        });
    return rows;
  }

  private void checkUnique() {
    String mine = hazelcast.getCluster().getLocalMember().getUuid().toString();
    hazelcast.getCluster().getMembers().stream()
        .filter(m -> self.equals(m.getAttribute(HazelcastSettings.NODE_ATTRIBUTE)))
        .filter(m -> !m.getUuid().toString().equals(mine))
        .findFirst()
        .ifPresent(
            twin -> {
              throw Fault.CONFLICT.because(
                  "node id "
                      + self
                      + " is a member already, at "
                      + twin.getAddress()
                      + " (expected: one node per key; a copied data directory needs a new key)");
            });
  }

  private void refreshLive() {
    live =
        hazelcast.getCluster().getMembers().stream()
            .map(m -> m.getAttribute(HazelcastSettings.NODE_ATTRIBUTE))
            .filter(Objects::nonNull)
            .collect(Collectors.toUnmodifiableSet());
    quorum.sees(hazelcast.getCluster().getMembers().size());
    if (quorum.largest() > noted) {
      noted = quorum.largest();
      store
          .put(ROOM, LARGEST, Integer.toString(noted))
          .onFailure(e -> log.warn("size of the cluster not noted: {}", e.getMessage()));
    }
    onMembersChanged();
    tables.values().forEach(ReplicatedTable::changed);
  }

  private void onMembersChanged() {
    Map<String, Member> now = new HashMap<>();
    for (OwnedTable.Row row : owned(MEMBERS).rows()) {
      try {
        Member m = Json.read(row.json(), Member.class);
        if (row.node().equals(m.id())) {
          now.put(m.id(), m);
        }
      } catch (WeftException e) {
        log.warn("member record of {} ignored: {}", row.node(), e.getMessage());
      }
    }
    Map<String, Member> before;
    synchronized (this) {
      before = members;
      members = Map.copyOf(now);
    }
    if (bus == null) {
      return;
    }
    now.forEach(
        (id, m) -> {
          if (!m.equals(before.get(id))) {
            bus.publish(new MemberChanged(id, m.name(), true));
          }
        });
    before.forEach(
        (id, m) -> {
          if (!now.containsKey(id)) {
            bus.publish(new MemberChanged(id, m.name(), false));
          }
        });
  }

  private void sync() {
    for (ReplicatedTable rows : tables.values()) {
      try {
        rows.sync(clock.instant().getEpochSecond());
      } catch (RuntimeException e) {
        // The next pass tries again; a closing or merging Hazelcast refuses calls for a while.
        log.warn("table {} not synchronised: {}", rows.name, e.toString());
      }
    }
  }

  /** Reacts to an event of Hazelcast's, which still come while this node closes. */
  private void later(Runnable reaction) {
    try {
      thread.execute(reaction);
    } catch (RejectedExecutionException e) {
      log.debug("closing: an event of the cluster is not looked at");
    }
  }

  private <T> Future<T> onThread(java.util.concurrent.Callable<T> work) {
    Promise<T> promise = Promise.promise();
    thread.execute(
        () -> {
          try {
            promise.complete(work.call());
          } catch (Exception e) {
            promise.fail(WeftException.of(e));
          }
        });
    return promise.future();
  }

  private final class Membership implements MembershipListener {
    @Override
    public void memberAdded(MembershipEvent event) {
      later(
          () -> {
            refreshLive();
            // The newcomer may have formed a cluster of its own before: its maps start empty.
            sync();
          });
    }

    @Override
    public void memberRemoved(MembershipEvent event) {
      later(
          () -> {
            refreshLive();
            sync();
          });
    }
  }
}

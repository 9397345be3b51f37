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
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.spi.cluster.NodeInfo;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's place in the cluster: the clustered Vert.x, the members and the shared tables.
 * Everything that may block on Hazelcast runs on one thread of its own.
 */
public final class ClusterNode implements Cluster {
  static final String MAP_PREFIX = "weft.";
  static final String LEASE_PREFIX = "lease.";
  static final String ROOM = "cluster";

  private static final Logger log = LoggerFactory.getLogger(ClusterNode.class);
  private static final String MEMBERS = "members";
  private static final Duration SYNC_EVERY = Duration.ofSeconds(30);
  private static final Duration REVIEW_EVERY = Duration.ofSeconds(3);

  private final TableContext context;
  private final HazelcastInstance hazelcast;
  private final HazelcastClusterManager manager;
  private final Health health;
  private final Quorum quorum;
  private final ClusterThread thread;
  private final LiveMembers members;
  private final ForeignMembers foreign;
  private final Map<String, ReplicatedTable> tables = new ConcurrentHashMap<>();

  private volatile Bus bus;

  private ClusterNode(
      Identity identity,
      HazelcastClusterManager manager,
      TableContext context,
      Health health,
      Quorum quorum) {
    this.context = context;
    this.manager = manager;
    this.hazelcast = manager.getHazelcastInstance();
    this.health = health;
    this.quorum = quorum;
    this.thread = context.thread();
    this.members = new LiveMembers(hazelcast, context.store(), quorum);
    this.foreign = new ForeignMembers(health, identity::caFingerprint, this::isUnverifiable);
    identity.onChange(() -> thread.run(this::onIdentityChanged));
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
    health.state(ROOM, Health.State.STARTING);
    EventBusOptions bus =
        new EventBusOptions().setHost(config.bus().host()).setPort(config.bus().port());
    if (security.mutualTls()) {
      EventBusTls.configure(bus, security);
    }
    return LiveMembers.largest(store)
        .compose(
            largest -> {
              Quorum quorum = new Quorum(config.size(), config.join().size() + 1, largest);
              HazelcastClusterManager manager =
                  new HazelcastClusterManager(HazelcastSettings.of(config, identity, quorum));
              return Vertx.builder()
                  .with(new VertxOptions(options).setEventBusOptions(bus))
                  .withClusterManager(manager)
                  .buildClustered()
                  .recover(e -> Future.failedFuture(notJoined(config, e)))
                  .compose(
                      vertx ->
                          (security.mutualTls()
                                  ? EventBusTls.follow(vertx, identity, health)
                                  : Future.<Void>succeededFuture())
                              .compose(
                                  v ->
                                      new ClusterNode(
                                              identity,
                                              manager,
                                              new TableContext(
                                                  identity.nodeId().value(),
                                                  epoch,
                                                  vertx,
                                                  new IdentitySigner(identity),
                                                  new ClusterThread(),
                                                  clock,
                                                  store),
                                              health,
                                              quorum)
                                          .open())
                              .recover(e -> vertx.close().transform(v -> Future.failedFuture(e))));
            });
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
    return thread
        .call(
            () -> {
              checkUnique();
              hazelcast.getCluster().addMembershipListener(new Membership());
              hazelcast
                  .getLifecycleService()
                  .addLifecycleListener(
                      event -> {
                        if (event.getState() == LifecycleState.MERGED) {
                          thread.run(this::sync);
                        }
                      });
              owned(MEMBERS).onChange(() -> thread.run(this::onRecords));
              onMembership();
              thread.every(SYNC_EVERY, this::sync);
              thread.every(REVIEW_EVERY, () -> foreign.review(members.unknown()));
              return this;
            })
        .onFailure(e -> thread.stop());
  }

  /**
   * Publishes this node's own record.
   *
   * @param grpc where members dial this node, host:port; null if it serves loopback only
   * @param http URL of its API as seen on its own host
   */
  public Future<Void> announce(Bus bus, String name, String version, String grpc, String http) {
    this.bus = bus;
    NodeInfo info = manager.getNodeInfo();
    String onBus = new HostPort(info.host(), info.port()).toString();
    Member me = new Member(self(), name, version, grpc, onBus, http, epoch(), context.nowSeconds());
    return bus.serve(Canary.class, () -> Future.succeededFuture(self()))
        .compose(v -> owned(MEMBERS).put("", Json.write(me)))
        .onSuccess(
            v -> {
              health.state(ROOM, Health.State.READY);
              new CanaryWatch(vertx(), bus, this, health).start();
            });
  }

  /** How often this node has started. */
  public long epoch() {
    return context.epoch();
  }

  /** This node's proof of what it says to others. */
  public Signer signer() {
    return context.signer();
  }

  public Vertx vertx() {
    return context.vertx();
  }

  @Override
  public String self() {
    return context.self();
  }

  @Override
  public List<Member> members() {
    return members.known().values().stream()
        .sorted(Comparator.comparing(Member::name).thenComparing(Member::id))
        .toList();
  }

  @Override
  public Optional<Member> member(String id) {
    return Optional.ofNullable(members.known().get(id));
  }

  @Override
  public OwnedTable owned(String name) {
    return (OwnedTable)
        tables.computeIfAbsent(
            name,
            n -> {
              HazelcastTableStore stored = tableStore(n);
              return opened(new ReplicatedOwnedTable(n, stored, context, members::isLive), stored);
            });
  }

  @Override
  public CommonTable common(String name) {
    return (CommonTable)
        tables.computeIfAbsent(
            name,
            n -> {
              HazelcastTableStore stored = tableStore(n);
              return loaded(new ReplicatedCommonTable(n, stored, context), stored);
            });
  }

  /** Names that one holder has at a time. */
  public Leases leases(String name) {
    return (Leases)
        tables.computeIfAbsent(
            LEASE_PREFIX + name,
            n -> {
              LeaseTableStore stored =
                  new LeaseTableStore(
                      hazelcast.getMap(MAP_PREFIX + n), n, context.signer(), quorum);
              return loaded(new ReplicatedLeases(n, stored, context, quorum), stored);
            });
  }

  /** Leaves the cluster and closes Vert.x with it. */
  public Future<Void> close() {
    thread.stop();
    return vertx().close();
  }

  private HazelcastTableStore tableStore(String name) {
    return new HazelcastTableStore(hazelcast.getMap(MAP_PREFIX + name));
  }

  private ReplicatedTable loaded(ReplicatedCommonTable table, HazelcastTableStore stored) {
    table
        .load()
        .onFailure(e -> log.error("table {} not read: {}", table.name, e.getMessage()))
        .onComplete(done -> opened(table, stored));
    return table;
  }

  private ReplicatedTable opened(ReplicatedTable table, HazelcastTableStore stored) {
    thread.run(
        () -> {
          stored.feed(table);
          table.sync();
        });
    return table;
  }

  private void checkUnique() {
    hazelcast.getCluster().getMembers().stream()
        .filter(m -> !m.localMember() && self().equals(LiveMembers.nodeOf(m)))
        .findFirst()
        .ifPresent(
            twin -> {
              throw Fault.CONFLICT.because(
                  "node id "
                      + self()
                      + " is a member already, at "
                      + twin.getAddress()
                      + " (expected: one node per key; a copied data directory needs a new key)");
            });
  }

  private void onMembership() {
    members.refresh();
    onRecords();
    tables.values().forEach(ReplicatedTable::changed);
    // A newcomer may have formed a cluster of its own before: its maps start empty.
    sync();
  }

  private void onRecords() {
    Optional<String> refusal = quorum.refusal();
    members.take(
        self(),
        owned(MEMBERS).rows(),
        (member, joined) -> {
          if (bus != null) {
            bus.publish(new MemberChanged(member.id(), member.name(), joined));
          }
        });
    if (!refusal.equals(quorum.refusal())) {
      // Rooms that wait for a lease try again.
      tables.values().stream()
          .filter(ReplicatedLeases.class::isInstance)
          .forEach(ReplicatedTable::changed);
    }
    foreign.review(members.unknown());
  }

  private void onIdentityChanged() {
    tables.values().forEach(ReplicatedTable::signAgain);
    sync();
  }

  private boolean isUnverifiable(String node) {
    String key = node + "/";
    String record = hazelcast.<String, String>getMap(MAP_PREFIX + MEMBERS).get(key);
    return record != null && !Envelope.isGenuine(context.signer(), MEMBERS, key, record);
  }

  private void sync() {
    for (ReplicatedTable table : tables.values()) {
      try {
        table.sync();
      } catch (RuntimeException e) {
        // The next pass tries again; a closing or merging Hazelcast refuses calls for a while.
        log.warn("table {} not synchronised: {}", table.name, e.toString());
      }
    }
  }

  private final class Membership implements MembershipListener {
    @Override
    public void memberAdded(MembershipEvent event) {
      thread.run(ClusterNode.this::onMembership);
    }

    @Override
    public void memberRemoved(MembershipEvent event) {
      thread.run(ClusterNode.this::onMembership);
    }
  }
}

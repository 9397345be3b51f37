package dev.weft.cluster;

import com.hazelcast.cluster.Address;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.LifecycleEvent.LifecycleState;
import dev.weft.address.HostPort;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
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
import io.vertx.core.transport.Transport;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's place in the cluster: the clustered Vert.x, the members and the shared tables.
 * Everything that may block on Hazelcast runs on one thread of its own.
 */
public final class ClusterNode extends OwnPlace {
  static final String MAP_PREFIX = "weft.";
  static final String LEASE_PREFIX = "lease.";
  static final String ROOM = "cluster";

  private static final Logger log = LoggerFactory.getLogger(ClusterNode.class);
  static final String MEMBERS = "members";

  /** Which outposts each member is the home of: their ids are the keys. */
  static final String OUTPOSTS = "outposts";

  private static final Duration SYNC_EVERY = Duration.ofSeconds(30);
  private static final Duration VOTE_EVERY = Duration.ofMillis(500);

  /** Who has joined and not proved itself in this time is not waited for. */
  private static final Duration PROOF_WITHIN = Duration.ofSeconds(5);

  private static final Duration REVIEW_EVERY = Duration.ofSeconds(3);

  private final HazelcastInstance hazelcast;
  private final HazelcastClusterManager manager;
  private final Quorum quorum;
  private final LiveMembers members;
  private final List<HostPort> join;
  private final ForeignMembers foreign;
  private final Tables tables;
  private final HostedOutposts outposts;
  private final Electorate electorate;

  private ClusterNode(
      Identity identity,
      HazelcastClusterManager manager,
      TableContext context,
      Health health,
      Quorum quorum,
      AwayMembers away,
      Optional<String> votes,
      List<HostPort> join,
      Optional<String> notHome) {
    super(context, health, away);
    this.join = join;
    this.manager = manager;
    this.hazelcast = manager.getHazelcastInstance();
    this.quorum = quorum;
    this.members = new LiveMembers(hazelcast, context.store(), quorum);
    this.foreign = new ForeignMembers(health, identity::caFingerprint, this::isUnverifiable);
    ChangeLog changes = new ChangeLog();
    this.outposts =
        new HostedOutposts(
            context,
            changes,
            new HostedOutposts.House() {
              @Override
              public Optional<ReplicatedTable> table(String name) {
                return tables.find(name);
              }

              @Override
              public Set<String> live() {
                return members.live();
              }

              @Override
              public Optional<String> leaseRefusal() {
                return electorate.refusal();
              }

              @Override
              public Optional<String> refusal() {
                return notHome;
              }

              @Override
              public OwnedTable claims() {
                return owned(OUTPOSTS);
              }
            });
    this.tables =
        new Tables(
            (table, key) -> {
              changes.changed(table, key);
              outposts.changed();
            });
    this.electorate = new Electorate(context, owned(Electorate.TABLE), votes, new MembersAround());
    identity.onChange(() -> thread.run(this::onIdentityChanged));
  }

  /**
   * Joins the cluster, or forms one alone when the join list is empty. Fails with CONFLICT when a
   * live member has this node's id already (a cloned disk).
   *
   * @param epoch how often this node has started
   * @param transport the sockets of the Vert.x that is made
   */
  public static Future<ClusterPlace> start(
      ClusterConfig config,
      SecurityConfig security,
      Identity identity,
      long epoch,
      Store store,
      Health health,
      VertxOptions options,
      Transport transport,
      Clock clock) {
    health.state(ROOM, Health.State.STARTING);
    EventBusOptions bus =
        new EventBusOptions().setHost(config.bus().host()).setPort(config.bus().port());
    if (security.mutualTls()) {
      EventBusTls.configure(bus, security);
    }
    Future<Optional<String>> votes = Electorate.kept(store);
    return votes
        .compose(v -> LiveMembers.largest(store))
        .compose(
            largest ->
                AwayMembers.open(store, clock, config.forgetAfter())
                    .map(away -> Map.entry(largest, away)))
        .compose(
            noted -> {
              int largest = noted.getKey();
              Quorum quorum = new Quorum(config.size(), config.named(), largest);
              HazelcastClusterManager manager =
                  new HazelcastClusterManager(HazelcastSettings.of(config, identity));
              return Vertx.builder()
                  .with(new VertxOptions(options).setEventBusOptions(bus))
                  .withTransport(transport)
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
                                              quorum,
                                              noted.getValue(),
                                              votes.result(),
                                              config.join(),
                                              config.notHome())
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

  private Future<ClusterPlace> open() {
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
                          thread.run(tables::sync);
                        }
                      });
              owned(MEMBERS).onChange(() -> thread.run(this::onRecords));
              owned(OUTPOSTS).onChange(() -> thread.run(this::onRecords));
              owned(Electorate.TABLE).onChange(() -> thread.run(electorate::pass));
              onMembership();
              thread.every(VOTE_EVERY, electorate::pass);
              thread.every(SYNC_EVERY, tables::showDecided);
              thread.every(SYNC_EVERY, tables::sync);
              thread.every(SYNC_EVERY, outposts::tidy);
              thread.every(AwayMembers.NOTE_EVERY, away::noteAlive);
              common(AwayMembers.FORGOTTEN).onChange(() -> thread.run(() -> review(tables)));
              thread.every(REVIEW_EVERY, this::onRecords);
              return (ClusterPlace) this;
            })
        .onFailure(e -> thread.stop());
  }

  @Override
  public Future<Void> announce(Bus bus, String name, String version, String grpc, String http) {
    publishOn(bus);
    NodeInfo info = manager.getNodeInfo();
    String onBus = new HostPort(info.host(), info.port()).toString();
    Member me = new Member(self(), name, version, grpc, onBus, http, epoch(), context.nowSeconds());
    outposts.name(name);
    return bus.serve(Canary.class, () -> Future.succeededFuture(self()))
        .compose(v -> owned(MEMBERS).put("", Json.write(me)))
        .compose(v -> gathered())
        .onSuccess(
            v -> {
              health.state(ROOM, Health.State.READY);
              new CanaryWatch(vertx(), bus, this, health).start();
            });
  }

  private Future<Void> gathered() {
    Address own = hazelcast.getCluster().getLocalMember().getAddress();
    return Gathering.wait(
        vertx(),
        new HostPort(own.getHost(), own.getPort()),
        join,
        Gathering.LIMIT,
        () ->
            hazelcast.getLifecycleService().isRunning()
                && hazelcast.getCluster().getMembers().size() == 1);
  }

  @Override
  public void through(HomeLine line) {
    // Members find each other over Hazelcast.
  }

  @Override
  public Optional<Home> home() {
    return Optional.of(outposts);
  }

  @Override
  public List<Member> members() {
    return members.known().sorted();
  }

  @Override
  public Optional<Member> member(String id) {
    return Optional.ofNullable(members.known().byId().get(id));
  }

  @Override
  public Optional<String> foreign(HostPort at) {
    return foreign.at(at);
  }

  @Override
  public Future<Void> forget(String node) {
    return thread
        .call(() -> away.rowOf(node, member(node)))
        .compose(
            row ->
                withdrawVote(node)
                    .compose(v -> common(AwayMembers.FORGOTTEN).write(Map.of(node, row), Set.of())))
        .compose(
            v ->
                thread.call(
                    () -> {
                      review(tables);
                      return null;
                    }));
  }

  /** Takes nodes that are gone for good out of those whose majority gives leases. */
  private Future<Void> withdrawVote(String node) {
    Set<String> gone = new HashSet<>(common(AwayMembers.FORGOTTEN).rows().keySet());
    // One that was forgotten, came back and is away again is not gone for good.
    away.list().forEach(other -> gone.remove(other.member().id()));
    gone.add(node);
    return electorate
        .forget(gone)
        .onSuccess(
            missing -> {
              if (!missing.isEmpty()) {
                log.warn(
                    "no leases before these voters are back or forgotten: {}",
                    missing.stream().map(this::name).sorted().toList());
              }
            })
        .mapEmpty();
  }

  @Override
  public OwnedTable owned(String name) {
    return (OwnedTable) tables.open(name, () -> ownedTable(name));
  }

  private ReplicatedTable ownedTable(String name) {
    HazelcastTableStore stored = tableStore(name);
    Predicate<String> live =
        switch (name) {
          // The two tables from which it is found who is live.
          case MEMBERS -> members::isNamed;
          case OUTPOSTS -> members::hasJoined;
          default -> members::isLive;
        };
    return opened(
        new ReplicatedOwnedTable(name, stored, context, live, away::contains, outposts::hosts),
        stored);
  }

  @Override
  public CommonTable common(String name) {
    return (CommonTable)
        tables.open(
            name,
            () -> {
              HazelcastTableStore stored = tableStore(name);
              return loaded(new ReplicatedCommonTable(name, stored, context), stored);
            });
  }

  @Override
  public Leases leases(String name) {
    String table = LEASE_PREFIX + name;
    return (Leases)
        tables.open(
            table,
            () -> {
              LeaseTableStore stored =
                  new LeaseTableStore(
                      hazelcast.getMap(MAP_PREFIX + table), table, context.signer());
              ReplicatedLeases leases =
                  new ReplicatedLeases(
                      table,
                      stored,
                      context,
                      electorate::refusal,
                      Optional.of(new LeaseRegister(table, electorate)));
              leases.ready().onSuccess(v -> thread.run(electorate::pass));
              return loaded(leases, stored);
            });
  }

  @Override
  public Future<Void> leave() {
    // Hazelcast tells the others, at the end.
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> close() {
    outposts.stop();
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
    tables.changed();
    // A newcomer may have formed a cluster of its own before: its maps start empty.
    tables.sync();
  }

  private void onRecords() {
    Set<String> live = members.live();
    members.takeHomes(LiveOutposts.homes(owned(OUTPOSTS).rows(), this::member), System.nanoTime());
    members.take(self(), owned(MEMBERS).rows(), this::changed);
    electorate.pass();
    if (!live.equals(members.live())) {
      // Rows of nodes that are not live are not shown.
      tables.changed();
    }
    outposts.changed();
    foreign.review(members.unknown());
    review(tables);
  }

  private void onIdentityChanged() {
    tables.signAgain();
    tables.sync();
  }

  private boolean isUnverifiable(String node) {
    String key = node + "/";
    String record = hazelcast.<String, String>getMap(MAP_PREFIX + MEMBERS).get(key);
    return record != null && !Envelope.isGenuine(context.signer(), MEMBERS, key, record);
  }

  private final class MembersAround implements Electorate.Surroundings {
    private long unknownSince;

    @Override
    public Set<String> live() {
      Set<String> verified =
          members.known().byId().keySet().stream()
              .filter(members::hasJoined)
              .collect(Collectors.toCollection(HashSet::new));
      verified.add(self());
      return verified;
    }

    @Override
    public String name(String node) {
      return ClusterNode.this.name(node);
    }

    @Override
    public int founders() {
      return quorum.founders();
    }

    @Override
    public int size() {
      return quorum.configured();
    }

    @Override
    public Optional<Map<String, String>> leases() {
      long now = System.nanoTime();
      boolean unknown = !members.unknown().isEmpty();
      unknownSince = !unknown ? 0 : unknownSince == 0 ? now : unknownSince;
      // Who has just joined may know who decides.
      return unknown && now - unknownSince < PROOF_WITHIN.toNanos()
          ? Optional.empty()
          : tables.leases();
    }

    @Override
    public void changed() {
      // Rooms that wait for a lease try again.
      tables.leasesChanged();
      tables.showDecided();
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

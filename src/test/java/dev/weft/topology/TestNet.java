package dev.weft.topology;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.CommonTable;
import dev.weft.cluster.Member;
import dev.weft.cluster.OwnedTable;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.RoomContext;
import dev.weft.telemetry.Health;
import dev.weft.testkit.TestSigner;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Nodes with a topology room over one table and one list of pods; their wire rooms only record. */
final class TestNet implements AutoCloseable {
  final SortedMap<PodRef, Pod> pods = new ConcurrentSkipListMap<>();
  private final Table table = new Table();
  private final Map<String, Member> members = new ConcurrentHashMap<>();
  private final AtomicLong skipped = new AtomicLong();
  private final List<TestNode> nodes = new ArrayList<>();

  /** Starts a node with these wires from before. */
  TestNode node(String id, WireSpec... standing) throws Exception {
    TestNode node = new TestNode(id);
    for (WireSpec spec : standing) {
      node.wires.standing.put(spec.id(), spec);
    }
    nodes.add(node);
    join(id, 1);
    node.start();
    return node;
  }

  void join(String id, long epoch) {
    members.put(id, new Member(id, "name-" + id, "0", null, "", "", epoch, 0));
  }

  void leave(String id) {
    members.remove(id);
  }

  /** Moves the rooms' clock. */
  void skip(Duration time) {
    skipped.addAndGet(time.toNanos());
  }

  void register(String pod, String node, long inode) {
    PodRef ref = PodRef.parse(pod);
    Pod now = new Pod(ref, node, "/run/netns/" + ref.name(), inode, 1, null);
    pods.put(ref, now);
    tell(new PodChanged(ref, now, "n", null));
  }

  void unregister(String pod) {
    PodRef ref = PodRef.parse(pod);
    pods.remove(ref);
    tell(new PodChanged(ref, null, null, null));
  }

  void write(String key, String json) {
    table.write(Map.of(key, json), Set.of());
  }

  private void tell(PodChanged fact) {
    nodes.forEach(node -> node.bus.publish(fact));
  }

  static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws Exception {
    for (TestNode node : nodes) {
      await(node.vertx.close());
    }
  }

  final class TestNode implements Cluster {
    final RecordingWires wires = new RecordingWires();
    final Topologies topologies;
    private final String id;
    private final Vertx vertx = Vertx.vertx();
    private final Bus bus;
    private final AtomicLong passes = new AtomicLong();

    private TestNode(String id) {
      this.id = id;
      this.bus = new Bus(vertx, id, new TestSigner(id));
      this.topologies = bus.proxy(Topologies.class, Duration.ofSeconds(8));
    }

    private void start() throws Exception {
      Pods known = new KnownPods();
      await(
          vertx.deployVerticle(
              new AbstractVerticle() {
                @Override
                public void start() {
                  bus.serve(Pods.class, known);
                  bus.serve(Wires.class, wires);
                }
              }));
      await(
          vertx.deployVerticle(
              new TopologyVerticle(
                  new RoomContext(bus, this, null, new Health(), null, Clock.systemUTC()),
                  1500,
                  () -> System.nanoTime() + skipped.get())));
    }

    /** How often the room has begun a pass: each begins with a look at who is a member. */
    long passes() {
      return passes.get();
    }

    @Override
    public String self() {
      return id;
    }

    @Override
    public List<Member> members() {
      passes.incrementAndGet();
      return List.copyOf(members.values());
    }

    @Override
    public Optional<Member> member(String member) {
      return Optional.ofNullable(members.get(member));
    }

    @Override
    public OwnedTable owned(String name) {
      throw new AssertionError("the topology room has no owned table, asked for " + name);
    }

    @Override
    public CommonTable common(String name) {
      return table;
    }
  }

  private static final class Table implements CommonTable {
    private final SortedMap<String, String> rows = new TreeMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    @Override
    public Future<Void> write(Map<String, String> puts, Set<String> removes) {
      synchronized (rows) {
        rows.putAll(puts);
        rows.keySet().removeAll(removes);
      }
      listeners.forEach(Runnable::run);
      return Future.succeededFuture();
    }

    @Override
    public SortedMap<String, String> rows() {
      synchronized (rows) {
        return new TreeMap<>(rows);
      }
    }

    @Override
    public long version(String key) {
      throw new AssertionError("the topology room compares no versions, asked for " + key);
    }

    @Override
    public void onChange(Runnable listener) {
      Context context = Vertx.currentContext();
      listeners.add(() -> context.runOnContext(v -> listener.run()));
    }
  }

  /** All pods that the net knows; registering is not this room's to ask. */
  private final class KnownPods implements Pods {
    @Override
    public Future<Pod> put(PodRef ref, String netns) {
      throw new AssertionError("the topology room registers no pod, asked for " + ref);
    }

    @Override
    public Future<Void> remove(PodRef ref) {
      throw new AssertionError("the topology room removes no pod, asked for " + ref);
    }

    @Override
    public Future<List<Pod>> local() {
      return all();
    }

    @Override
    public Future<List<Pod>> away() {
      return Future.succeededFuture(List.of());
    }

    @Override
    public Future<List<Pod>> all() {
      return Future.succeededFuture(List.copyOf(pods.values()));
    }
  }

  /** A wire room that makes nothing, keeps what it was asked for, and refuses what a test says. */
  static final class RecordingWires implements Wires {
    final Map<String, WireSpec> standing = new ConcurrentSkipListMap<>();
    final List<String> calls = new CopyOnWriteArrayList<>();

    /** Wires that are refused, with how many times more. */
    final Map<Long, Integer> refusals = new ConcurrentHashMap<>();

    volatile WireState state = WireState.UP;

    @Override
    public Future<WireStatus> put(WireSpec spec) {
      calls.add("put " + spec.uid());
      Integer left = refusals.computeIfPresent(spec.uid(), (uid, n) -> n > 1 ? n - 1 : null);
      if (left != null || refusals.containsKey(spec.uid())) {
        return Future.failedFuture(Fault.INTERNAL.because("no memory for uid " + spec.uid()));
      }
      standing.put(spec.id(), spec);
      return Future.succeededFuture(status(spec));
    }

    @Override
    public Future<Void> remove(String id) {
      calls.add("remove " + id);
      standing.remove(id);
      return Future.succeededFuture();
    }

    @Override
    public Future<List<WireStatus>> list() {
      return Future.succeededFuture(standing.values().stream().map(this::status).toList());
    }

    @Override
    public Future<WireStatus> get(String id) {
      return Future.succeededFuture(status(standing.get(id)));
    }

    private WireStatus status(WireSpec spec) {
      String reason = state == WireState.UP ? null : "the peer has not joined";
      return new WireStatus(
          spec, state, reason, Instant.EPOCH, WireStatus.Traffic.NONE, WireStatus.Traffic.NONE);
    }
  }
}

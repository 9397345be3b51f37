package dev.weft.pod;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.MemberChanged;
import dev.weft.cluster.OwnedTable;
import dev.weft.linux.LinuxException;
import dev.weft.net.Namespaces;
import dev.weft.room.Reconciler;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Owns this node's pods: keeps them, publishes them, and watches their namespaces. */
public final class PodVerticle extends VerticleBase implements Pods {
  private static final Logger log = LoggerFactory.getLogger(PodVerticle.class);
  private static final String TABLE = "pods";
  private static final String ROOM = "pod";
  private static final long WATCH_MILLIS = 1000;

  /** In place of a namespace's identity. */
  private static final long SEGMENT = 1;

  private final RoomContext room;
  private final Map<PodRef, Pod> mine = new TreeMap<>();

  /** What was last seen behind each pod's namespace; only the one look at a time touches it. */
  private final Map<PodRef, Object> hints = new ConcurrentHashMap<>();

  private RoomThread thread;
  private OwnedTable table;
  private RemovedPods removed;
  private Map<PodRef, Pod> seen = Map.of();

  /** What the table's rows say: who asks for all pods does so far more often than one changes. */
  private Map<OwnedTable.Row, Optional<Pod>> read = Map.of();

  private boolean watching;

  public PodVerticle(RoomContext room) {
    this.room = room;
  }

  @Override
  public Future<?> start() {
    thread = new RoomThread(context);
    room.health().state(ROOM, Health.State.STARTING);
    table = room.cluster().owned(TABLE);
    removed = new RemovedPods(room);
    return removed
        .open()
        .compose(v -> room.store().all(TABLE))
        .compose(
            rows -> {
              rows.values().stream()
                  .map(json -> Json.read(json, Pod.class))
                  .forEach(pod -> mine.put(pod.ref(), pod));
              return watch();
            })
        .compose(v -> Future.join(mine.values().stream().map(this::publish).toList()))
        .compose(v -> room.bus().serve(Pods.class, this))
        .onSuccess(
            v -> {
              table.onChange(this::onTable);
              removed.onChange(this::onTable);
              room.bus().on(MemberChanged.class, change -> onTable());
              onTable();
              vertx.setPeriodic(WATCH_MILLIS, id -> watch());
              room.health().state(ROOM, Health.State.READY);
            });
  }

  @Override
  public Future<Pod> put(PodRef ref, String netns) {
    return identity(netns)
        .compose(
            identity -> {
              Pod old = mine.get(ref);
              if (old != null && old.netns().equals(netns) && old.identity() == identity) {
                return Future.succeededFuture(old);
              }
              Pod owner = everyone().get(ref);
              // The clock, since another node may have registered it and be away now.
              long over = removed.over().getOrDefault(ref, 0L);
              long later = Math.max(over, owner == null ? 0 : owner.counter()) + 1;
              long counter = Math.max(later, room.clock().millis());
              Pod pod = new Pod(ref, room.self(), netns, identity, counter, null);
              return keep(pod).map(pod);
            });
  }

  @Override
  public Future<Void> remove(PodRef ref) {
    if (!mine.containsKey(ref)) {
      return Future.failedFuture(
          Fault.NOT_FOUND.because("pod " + ref + " is not registered on this node"));
    }
    long counter = mine.get(ref).counter();
    boolean elsewhere =
        Stream.concat(registered(), registrations(table.missed()))
            .anyMatch(pod -> isElsewhere(pod, ref));
    return elsewhere ? removed.add(ref, counter).compose(v -> release(ref)) : release(ref);
  }

  /** Another node that has the pod on its disk, and would bring it back. */
  private boolean isElsewhere(Pod pod, PodRef ref) {
    return pod.ref().equals(ref) && !pod.node().equals(room.self());
  }

  /** The pods of live members, as these registered them. */
  private Stream<Pod> registered() {
    Map<OwnedTable.Row, Optional<Pod>> now = new HashMap<>();
    for (OwnedTable.Row row : table.rows()) {
      Optional<Pod> known = read.get(row);
      now.put(row, known == null ? read(row) : known);
    }
    read = now;
    return now.values().stream().flatMap(Optional::stream);
  }

  private static Stream<Pod> registrations(List<OwnedTable.Row> rows) {
    return rows.stream().flatMap(row -> read(row).stream());
  }

  private static Optional<Pod> read(OwnedTable.Row row) {
    return row.read(Pod.class, Pod::node);
  }

  @Override
  public Future<List<Pod>> local() {
    return Future.succeededFuture(List.copyOf(mine.values()));
  }

  @Override
  public Future<List<Pod>> all() {
    return Future.succeededFuture(List.copyOf(everyone().values()));
  }

  @Override
  public Future<List<Pod>> away() {
    return Future.succeededFuture(List.copyOf(missed().values()));
  }

  private Map<PodRef, Pod> missed() {
    Map<PodRef, Pod> live = everyone();
    Map<PodRef, Long> over = removed.over();
    Map<PodRef, Pod> away = new TreeMap<>();
    registrations(table.missed())
        .filter(pod -> !live.containsKey(pod.ref()))
        .filter(pod -> isStanding(pod, over))
        .forEach(pod -> away.merge(pod.ref(), pod, PodVerticle::owner));
    away.replaceAll((ref, pod) -> pod.with(room.cluster().absence(pod.node())));
    return away;
  }

  private Future<Long> identity(String netns) {
    try {
      if (SegmentRef.of(netns).isPresent()) {
        return Future.succeededFuture(SEGMENT);
      }
    } catch (WeftException e) {
      return Future.failedFuture(e);
    }
    return thread
        .blocking(() -> Namespaces.identity(netns))
        .recover(e -> Future.failedFuture(Fault.INVALID.because(e.getMessage(), e)));
  }

  private Future<Void> keep(Pod pod) {
    return room.store()
        .put(TABLE, pod.ref().toString(), Json.write(pod))
        .compose(
            v -> {
              mine.put(pod.ref(), pod);
              return publish(pod);
            })
        .onSuccess(v -> onTable());
  }

  private Future<Void> publish(Pod pod) {
    return table.put(pod.ref().toString(), Json.write(pod));
  }

  private Future<Void> release(PodRef ref) {
    return room.store()
        .delete(TABLE, ref.toString())
        .compose(
            v -> {
              mine.remove(ref);
              hints.remove(ref);
              return table.remove(ref.toString());
            })
        .onSuccess(v -> onTable());
  }

  /** All pods, each at the node that registered it last. */
  private Map<PodRef, Pod> everyone() {
    Map<PodRef, Long> over = removed.over();
    Map<PodRef, Pod> pods = new TreeMap<>();
    Stream.concat(registered(), mine.values().stream())
        .filter(pod -> isStanding(pod, over))
        .forEach(pod -> pods.merge(pod.ref(), pod, PodVerticle::owner));
    return pods;
  }

  private static boolean isStanding(Pod pod, Map<PodRef, Long> over) {
    return pod.counter() > over.getOrDefault(pod.ref(), 0L);
  }

  private static Pod owner(Pod a, Pod b) {
    Comparator<Pod> order =
        Comparator.comparingLong(Pod::counter)
            .thenComparing(Comparator.comparing(Pod::node).reversed());
    return order.compare(a, b) >= 0 ? a : b;
  }

  private void onTable() {
    Map<PodRef, Pod> now = everyone();
    List.copyOf(mine.keySet()).stream()
        .filter(ref -> !now.containsKey(ref) || !now.get(ref).node().equals(room.self()))
        .forEach(
            ref ->
                release(ref)
                    .onFailure(e -> log.warn("pod {} not released: {}", ref, e.getMessage())));
    Reconciler.Plan<Pod> changes = Reconciler.plan(now, seen);
    seen = now;
    changes
        .put()
        .forEach(
            pod -> room.bus().publish(new PodChanged(pod.ref(), pod, nameOf(pod.node()), null)));
    Map<PodRef, Pod> missed = changes.remove().isEmpty() ? Map.of() : missed();
    changes
        .remove()
        .forEach(
            pod -> {
              Pod away = missed.get(pod.ref());
              room.bus()
                  .publish(
                      new PodChanged(pod.ref(), null, null, away == null ? null : away.problem()));
            });
  }

  /** A node's name; its id as long as it is not a member yet. */
  private String nameOf(String node) {
    return room.cluster().name(node);
  }

  /** Looks whether a namespace went, came back, or is another one behind the same path. */
  private Future<Void> watch() {
    if (watching) {
      return Future.succeededFuture();
    }
    watching = true;
    List<Pod> pods = List.copyOf(mine.values());
    return thread
        .blocking(() -> pods.stream().map(this::look).toList())
        .compose(
            looked ->
                Future.join(
                    looked.stream()
                        .filter(pod -> mine.containsKey(pod.ref()))
                        .filter(pod -> !pod.equals(mine.get(pod.ref())))
                        .filter(pod -> pod.counter() == mine.get(pod.ref()).counter())
                        .map(this::keep)
                        .toList()))
        .onFailure(e -> log.warn("pods not watched: {}", e.getMessage()))
        .onComplete(done -> watching = false)
        .mapEmpty();
  }

  private Pod look(Pod pod) {
    if (pod.isSegment()) {
      return pod;
    }
    try {
      Object hint = Namespaces.hint(pod.netns());
      if (pod.alive() && hint.equals(hints.get(pod.ref()))) {
        return pod;
      }
      long identity = Namespaces.identity(pod.netns());
      hints.put(pod.ref(), hint);
      return new Pod(pod.ref(), room.self(), pod.netns(), identity, pod.counter(), null);
    } catch (IOException e) {
      if (e instanceof LinuxException shortage && shortage.isShortage()) {
        // It says nothing of the pod.
        return pod;
      }
      hints.remove(pod.ref());
      return new Pod(pod.ref(), room.self(), pod.netns(), 0, pod.counter(), e.getMessage());
    }
  }
}

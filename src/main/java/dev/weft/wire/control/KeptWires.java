package dev.weft.wire.control;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.net.LinkThread.Place;
import dev.weft.pod.Pod;
import dev.weft.pod.Pods;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireStatus;
import dev.weft.wire.kernel.KernelEnds;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The wires between members' pods: each has an intent in the store and a {@link Wire}. */
final class KeptWires {
  private static final Logger log = LoggerFactory.getLogger(KeptWires.class);

  private static final String TABLE = "wires";
  private static final long TELL_MILLIS = 5000;

  /** Counters that are younger are not read again. */
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Interfaces looked at for one question, about 10 ms of the thread for links. */
  private static final int MOST_LOOKS = 64;

  private final WireRoom room;
  private final WireWork work;
  private final Pods pods;
  private final MadePlaces places;
  private final Map<String, Wire> wires = new TreeMap<>();

  /**
   * @param places where the work makes links
   */
  KeptWires(WireRoom room, WireWork work, MadePlaces places) {
    this.room = room;
    this.work = work;
    this.places = places;
    this.pods = room.context().bus().proxy(Pods.class);
  }

  /** Reads the intents from the store; begins no pass. */
  Future<Void> load() {
    return room.context()
        .store()
        .all(TABLE)
        .map(
            rows -> {
              rows.values().forEach(json -> add(Json.read(json, WireSpec.class)));
              return null;
            })
        .compose(v -> places.load());
  }

  private Wire add(WireSpec spec) {
    Wire wire = new Wire(spec, room, work);
    wires.put(spec.id(), wire);
    return wire;
  }

  Set<String> ids() {
    return Set.copyOf(wires.keySet());
  }

  /** Those with interfaces on the host for good, if a pod in its namespace is an end. */
  Set<String> idsOnHost() {
    return all()
        .map(Wire::spec)
        .filter(spec -> spec.kind() != WireKind.VXLAN && spec.kind() != WireKind.MACVLAN)
        .map(WireSpec::id)
        .collect(Collectors.toSet());
  }

  int size() {
    return wires.size();
  }

  Stream<Wire> all() {
    return wires.values().stream();
  }

  Optional<Wire> find(String id) {
    return Optional.ofNullable(wires.get(id));
  }

  /**
   * Reads what the kernel counted on the interfaces that it carries, the longest unseen first; a
   * pass reads it too. Success however many could be read.
   */
  Future<Void> look(Stream<Wire> which) {
    List<KernelEnds.Carried> carried =
        which
            .filter(wire -> wire.unseenNanos() > FRESH_NANOS)
            .sorted(Comparator.comparingLong(Wire::unseenNanos).reversed())
            .flatMap(wire -> wire.carried().stream())
            .limit(MOST_LOOKS)
            .toList();
    return carried.isEmpty()
        ? Future.succeededFuture()
        : room.thread()
            .home(room.kernel().look(carried))
            .onSuccess(
                links -> links.forEach((id, link) -> find(id).ifPresent(wire -> wire.seen(link))))
            .<Void>mapEmpty()
            .otherwiseEmpty();
  }

  void kick(Predicate<WireSpec> which) {
    List<Wire> kicked = all().filter(wire -> which.test(wire.spec())).toList();
    if (!kicked.isEmpty()) {
      work.together(() -> kicked.forEach(Wire::kick));
    }
  }

  /** Completes once the intent is on disk and a former wire of that id is out of the way. */
  Future<WireStatus> put(WireSpec spec) {
    return room.thread().inOrder(spec.id(), () -> change(spec));
  }

  private Future<WireStatus> change(WireSpec spec) {
    Wire known = wires.get(spec.id());
    boolean stands = known != null && !(known.life() instanceof WireLife.Stopped);
    if (stands && known.spec().equals(spec)) {
      return Future.succeededFuture(known.status());
    }
    if (stands && known.spec().cut() != spec.cut()) {
      return cut(known, spec.cut()).compose(v -> change(spec));
    }
    Optional<Wire> rival = all().filter(w -> !w.id().equals(spec.id()) && w.claims(spec)).findAny();
    if (rival.isPresent()) {
      return Future.failedFuture(
          Fault.CONFLICT.because(
              "wire " + spec.id() + ": an interface of it belongs to wire " + rival.get().id()));
    }
    return room.context()
        .store()
        .put(TABLE, spec.id(), Json.write(spec))
        .compose(v -> known == null ? Future.succeededFuture() : retire(known, spec))
        .map(
            v -> {
              Wire wire = add(spec);
              wire.kick();
              return wire.status();
            });
  }

  /**
   * Cuts or mends a wire, which otherwise stays as it is. A cut is on disk before it is made, a
   * mend after: a node that ends in between has the ends of a wire that is cut still to mend.
   */
  private Future<Void> cut(Wire wire, boolean isCut) {
    Supplier<Future<Void>> keep =
        () -> room.context().store().put(TABLE, wire.id(), Json.write(wire.spec().withCut(isCut)));
    if (isCut) {
      return keep.get().onSuccess(v -> wire.cut(true));
    }
    wire.cut(false);
    // Its pod may be gone: then there is nothing to mend.
    return work.mend(wire)
        .onFailure(e -> log.info("wire {} is mended: {}", wire.id(), e.getMessage()))
        .transform(mended -> keep.get());
  }

  /** Stops a wire whose intent changed; an interface that the next wire can adopt stays. */
  private Future<Void> retire(Wire wire, WireSpec next) {
    WireSpec now = wire.spec();
    boolean serves =
        now.kind() == next.kind()
            && now.local().isMadeAlike(next.local())
            && (!now.kind().isOnOneNode() || now.peer().isMadeAlike(next.peer()));
    return serves ? wire.stop() : takeAway(wire);
  }

  Future<Void> remove(String id) {
    return room.thread().inOrder(id, () -> forget(id));
  }

  private Future<Void> forget(String id) {
    Wire wire = wires.get(id);
    if (wire == null) {
      return Future.succeededFuture();
    }
    return takeAway(wire)
        .compose(v -> room.context().store().delete(TABLE, id))
        .onSuccess(
            v -> {
              wires.remove(id, wire);
              wire.publishRemoved();
            })
        .mapEmpty();
  }

  private Future<Void> takeAway(Wire wire) {
    return wire.stop()
        .compose(v -> pods.local())
        .compose(
            local ->
                room.lacking().isEmpty()
                    ? room.thread().home(removeLinks(wire.spec(), local))
                    : Future.succeededFuture())
        .compose(v -> places.forget(wire.id()));
  }

  private Future<Void> removeLinks(WireSpec spec, List<Pod> local) {
    WireSpec.End end = spec.local();
    List<Place> may = new ArrayList<>(places.of(spec.id()));
    local.stream()
        .filter(pod -> pod.ref().equals(end.pod()) && pod.alive() && end.nic() == null)
        .forEach(pod -> may.add(MadePlaces.of(pod, end)));
    return room.kernel().remove(spec, may);
  }

  /**
   * Stops all wires; their intents stay.
   *
   * @param removes whether kernel links are deleted
   */
  Future<Void> close(boolean removes) {
    List<Future<Void>> closed = new ArrayList<>();
    Runnable end = removes ? tellHowFar(closed) : () -> {};
    for (Wire wire : wires.values()) {
      if (removes) {
        closed.add(takeAway(wire));
      } else {
        // A pass under way may wait for a peer for seconds: what it opens later is closed at once.
        wire.stop();
        closed.add(wire.closed());
      }
    }
    return Future.join(closed).<Void>mapEmpty().onComplete(done -> end.run());
  }

  /** Says every few seconds how many are done, until the answer is run. */
  private Runnable tellHowFar(List<Future<Void>> closed) {
    long timer =
        room.vertx()
            .setPeriodic(
                TELL_MILLIS,
                id ->
                    log.info(
                        "{} of {} wires removed",
                        closed.stream().filter(Future::isComplete).count(),
                        closed.size()));
    return () -> room.vertx().cancelTimer(timer);
  }
}

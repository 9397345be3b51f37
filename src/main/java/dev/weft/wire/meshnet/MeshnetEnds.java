package dev.weft.wire.meshnet;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.store.Store;
import dev.weft.wire.WireState;
import dev.weft.wire.control.PodEnd;
import dev.weft.wire.control.Wire;
import dev.weft.wire.control.WireLife.Report;
import dev.weft.wire.control.WireRoom;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.path.WireEnd;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The meshnet wire ends of this node, in the store and in the data path. An end lasts as long as
 * its kernel links: deleting one of them removes the end.
 */
final class MeshnetEnds {
  private static final String TABLE = "meshnet-ends";

  private final WireRoom room;
  private final Store store;
  private final MeshnetKernel kernel;
  private final MeshnetWay way;
  private final Map<String, MeshnetEnd> ends = new TreeMap<>();

  MeshnetEnds(WireRoom room, MeshnetKernel kernel, MeshnetWay way) {
    this.room = room;
    this.store = room.context().store();
    this.kernel = kernel;
    this.way = way;
  }

  /** Opens the ends in the store whose kernel links still exist, and forgets the others. */
  Future<Void> open() {
    return store
        .all(TABLE)
        .compose(
            rows -> {
              List<EndIntent> kept =
                  rows.values().stream().map(json -> Json.read(json, EndIntent.class)).toList();
              Set<String> ids = Set.copyOf(rows.keySet());
              return room.thread()
                  .home(kernel.removeOthers(ids))
                  .compose(v -> Future.join(kept.stream().map(this::reopen).toList()));
            })
        .mapEmpty();
  }

  private Future<Void> reopen(EndIntent intent) {
    return room.thread()
        .blocking(
            () ->
                kernel.stands(intent) ? kernel.open(intent) : Optional.<KernelEnds.NodeEnd>empty())
        .compose(
            end -> {
              if (end.isEmpty()) {
                return store.delete(TABLE, intent.key().id()).mapEmpty();
              }
              install(intent, end.get());
              return Future.succeededFuture();
            });
  }

  /** A snapshot of the ends. */
  Stream<MeshnetEnd> all() {
    return List.copyOf(ends.values()).stream();
  }

  int size() {
    return ends.size();
  }

  Optional<MeshnetEnd> find(String id) {
    return Optional.ofNullable(ends.get(id));
  }

  /** Takes all ends out of the data path; kernel links and intents stay. */
  Future<Void> close() {
    return Future.join(all().map(this::uninstall).toList()).mapEmpty();
  }

  /** The end with that key; an end whose kernel links are gone is forgotten first. */
  Future<Optional<MeshnetEnd>> standing(EndKey key) {
    MeshnetEnd known = ends.get(key.id());
    if (known == null) {
      return Future.succeededFuture(Optional.empty());
    }
    return room.thread()
        .blocking(() -> kernel.stands(known.intent()))
        .compose(
            stands ->
                stands
                    ? Future.succeededFuture(Optional.of(known))
                    : forget(known).map(Optional.empty()));
  }

  /**
   * Creates an end, in place of a former one.
   *
   * @param asked without ids and MTU
   */
  Future<EndIntent> replace(EndIntent asked, Supplier<Future<MeshnetKernel.Made>> making) {
    Optional<MeshnetEnd> old = find(asked.key().id());
    long interfaceId = old.map(e -> e.intent().interfaceId()).orElseGet(room::interfaceId);
    // A request that fails leaves the former end as it is.
    return room.thread()
        .home(making.get())
        .compose(made -> old.map(this::uninstall).orElseGet(Future::succeededFuture).map(made))
        .compose(made -> keep(asked.with(interfaceId, made.formerIndex(), made.mtu()), made.end()));
  }

  /** Changes the address and interface id of the other end; this end's own ids stay. */
  Future<EndIntent> refresh(MeshnetEnd end, PeerAddress peer, long peerId) {
    EndIntent intent = end.intent();
    if (intent.peer().equals(peer) && intent.peerId() == peerId) {
      return Future.succeededFuture(intent);
    }
    EndIntent next = intent.at(peer, peerId);
    return uninstall(end)
        .compose(v -> room.thread().blocking(() -> kernel.open(next)))
        .compose(
            open ->
                open.isPresent()
                    ? keep(next, open.get())
                    : Future.failedFuture(
                        Fault.UNAVAILABLE.because("the interface of " + next.key() + " is gone")));
  }

  /** Removes an end from the data path and the store, unless another one took its place. */
  Future<Void> forget(MeshnetEnd end) {
    String id = end.key().id();
    if (!end.equals(ends.get(id))) {
      return Future.succeededFuture();
    }
    return uninstall(end)
        .compose(v -> store.delete(TABLE, id))
        .onSuccess(v -> end.wire().publishRemoved())
        .mapEmpty();
  }

  private Future<EndIntent> keep(EndIntent intent, KernelEnds.NodeEnd end) {
    return store
        .put(TABLE, intent.key().id(), Json.write(intent))
        .onFailure(e -> end.socket().close())
        .map(
            v -> {
              install(intent, end);
              return intent;
            });
  }

  /** Adds an end to the data path. */
  private void install(EndIntent intent, KernelEnds.NodeEnd made) {
    Wire wire =
        new Wire(intent.spec(room.context().self()), room, way.to(intent.peer(), intent.peerId()));
    WireEnd end =
        new WireEnd(
            intent.interfaceId(),
            intent.peer()::isOf,
            made.ifindex(),
            made.socket(),
            wire.sent(),
            wire.received());
    ends.put(intent.key().id(), new MeshnetEnd(intent, wire));
    wire.made(
        new PodEnd(end, 0),
        intent.peerId() == 0
            ? new Report(WireState.WAITING, "the other end is gone")
            : new Report(WireState.JOINING, "opening a stream to " + intent.peer()));
    if (intent.alias() != 0) {
      room.path().ends().alias(end, intent.alias());
    }
    wire.kick();
  }

  /** Takes an end out of the data path. */
  private Future<Void> uninstall(MeshnetEnd end) {
    return ends.remove(end.key().id(), end) ? end.wire().stop() : Future.succeededFuture();
  }
}

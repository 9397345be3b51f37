package dev.weft.wire.meshnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.dial.MeshnetDial;
import dev.weft.room.RoomContext;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import dev.weft.store.Store;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.control.ForeignEnds;
import dev.weft.wire.control.Wire;
import dev.weft.wire.control.WireVerticle;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.WireEnd;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The wire ends that meshnet's plugin and foreign daemons asked for. They stand as long as their
 * kernel links do: whoever deletes one ends its wire. Lives on the wire room's event loop.
 */
public final class MeshnetWires implements ForeignEnds {
  private static final String TABLE = "meshnet-ends";

  /** A daemon that ends each stream, as one that has no such end, is not asked for more at once. */
  private static final long REOPEN_MILLIS = 100;

  private static final Set<Listener> READERS = Set.of(Listener.LOCAL, Listener.MEMBERS);
  private static final Set<Listener> LOCAL = Set.of(Listener.LOCAL);

  private static final GrpcMethod<WireDef, WireCreateResponse> EXISTS =
      local("GRPCWireExists", WireCreateResponse.getDefaultInstance());
  private static final GrpcMethod<WireDef, BoolResponse> ADD =
      local("AddGRPCWireLocal", BoolResponse.getDefaultInstance());
  private static final GrpcMethod<WireDef, BoolResponse> REMOVE =
      local("RemGRPCWire", BoolResponse.getDefaultInstance());
  private static final BoolResponse YES = BoolResponse.newBuilder().setResponse(true).build();

  private final String self;
  private final Vertx vertx;
  private final Context context;
  private final Bus bus;
  private final Store store;
  private final DataPath path;
  private final MeshnetKernel kernel;
  private final MeterRegistry meters;
  private final RandomGenerator random = new SecureRandom();
  private final int mtu;
  private final Map<String, Held> held = new TreeMap<>();

  /** The last request for each end; the next one waits for it. */
  private final Map<EndKey, Future<?>> turns = new HashMap<>();

  private final MeshnetDial dial;
  private final Map<Lane, MeshnetLane> lanes = new HashMap<>();

  private record Held(EndIntent intent, Wire wire) {}

  /**
   * @param mtu of interfaces made for foreign daemons, bytes
   */
  public MeshnetWires(
      RoomContext room,
      Context context,
      DataPath path,
      KernelEnds kernel,
      MeshnetDial dial,
      GrpcListener listener,
      int mtu) {
    this.self = room.self();
    this.vertx = context.owner();
    this.context = context;
    this.bus = room.bus();
    this.store = room.store();
    this.path = path;
    this.kernel = new MeshnetKernel(kernel);
    this.dial = dial;
    this.meters = room.metrics().registry();
    this.mtu = mtu;
    addTo(listener);
  }

  private static <R extends com.google.protobuf.Message> GrpcMethod<WireDef, R> local(
      String name, R response) {
    return new GrpcMethod<>(
        Meshnet.getDescriptor().findServiceByName("Local"),
        name,
        WireDef.getDefaultInstance(),
        response);
  }

  private void addTo(GrpcListener ingress) {
    ingress
        .serve(EXISTS, READERS, (caller, def) -> here(() -> onExists(def)))
        .serve(ADD, LOCAL, (caller, def) -> here(() -> onAddLocal(def)))
        .serve(REMOVE, LOCAL, (caller, def) -> here(() -> onRemove(def)));
  }

  @Override
  public Future<Void> open() {
    return store
        .all(TABLE)
        .compose(
            rows -> {
              List<EndIntent> kept =
                  rows.values().stream().map(json -> Json.read(json, EndIntent.class)).toList();
              Set<String> ids = Set.copyOf(rows.keySet());
              return blocking(
                      () -> {
                        kernel.removeOthers(ids);
                        return null;
                      })
                  .compose(v -> Future.join(kept.stream().map(this::reopen).toList()));
            })
        .mapEmpty();
  }

  private Future<Void> reopen(EndIntent intent) {
    return blocking(
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

  @Override
  public Stream<WireStatus> list() {
    return held.values().stream().map(h -> h.wire().status());
  }

  @Override
  public Optional<WireStatus> get(String id) {
    return Optional.ofNullable(held.get(id)).map(h -> h.wire().status());
  }

  @Override
  public Future<Void> close() {
    return Future.join(List.copyOf(held.values()).stream().map(this::uninstall).toList())
        .mapEmpty();
  }

  @Override
  public void onLinkGone(int ifindex) {
    for (Held h : List.copyOf(held.values())) {
      if (h.wire().end.ifindex() == ifindex) {
        inOrder(h.intent().key(), () -> forget(h));
      }
    }
  }

  // What plugin and daemons ask for.

  private Future<WireCreateResponse> onExists(WireDef def) {
    return Future.succeededFuture(
        held.values().stream()
            .map(Held::intent)
            .filter(i -> i.key().uid() == def.getLinkUid() && i.matches(def))
            .findFirst()
            .map(i -> WireCreateResponse.newBuilder().setResponse(true).setPeerIntfId(i.peerId()))
            .orElseGet(
                () -> WireCreateResponse.newBuilder().setPeerIntfId(def.getWireIfIdOnPeerNode()))
            .build());
  }

  private Future<BoolResponse> onAddLocal(WireDef def) {
    EndKey key = EndKey.of(def);
    PeerAddress peer = PeerAddress.parse("peer_node_ip", def.getPeerNodeIp());
    String hostName = def.getWireIfNameOnLocalNode();
    return inOrder(
        key,
        () ->
            standing(key)
                .compose(
                    known ->
                        blocking(() -> known.isPresent() && !kernel.hostHas(hostName))
                            .compose(
                                same ->
                                    same
                                        ? refresh(known.get(), peer, def.getWireIfIdOnPeerNode())
                                        : replace(
                                            key,
                                            def,
                                            peer,
                                            () ->
                                                kernel.adopt(
                                                    key, hostName, def.getLocalPodNetNs()))))
                .map(YES));
  }

  @Override
  public Future<WireCreateResponse> onJoin(Caller caller, WireDef def) {
    EndKey key = EndKey.of(def);
    PeerAddress peer = PeerAddress.parse("peer_node_ip", def.getPeerNodeIp());
    checkAddress(def.getLocalPodIp());
    if (!caller.local() && !peer.isOf(caller)) {
      throw Fault.DENIED.because("peer_node_ip: " + peer + " (expected: " + caller + ", who asks)");
    }
    return inOrder(
        key,
        () ->
            standing(key)
                .compose(
                    known ->
                        known.isPresent()
                            ? refresh(known.get(), peer, def.getWireIfIdOnPeerNode())
                            : replace(
                                key,
                                def,
                                peer,
                                () ->
                                    kernel.make(
                                        key, def.getLocalPodNetNs(), def.getLocalPodIp(), mtu)))
                .map(
                    intent ->
                        WireCreateResponse.newBuilder()
                            .setResponse(true)
                            .setPeerIntfId(intent.interfaceId())
                            .build()));
  }

  private static void checkAddress(String address) {
    try {
      if (!address.isEmpty()) {
        Cidr.parse(address);
      }
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because("local_pod_ip: " + e.getMessage(), e);
    }
  }

  private Future<BoolResponse> onRemove(WireDef def) {
    if (def.getLocalPodName().isEmpty() && def.getLocalPodNetNs().isEmpty()) {
      throw Fault.invalid("local_pod_name", "", "a pod, or its local_pod_net_ns");
    }
    List<Future<Void>> removed =
        List.copyOf(held.values()).stream()
            .filter(h -> h.intent().matches(def))
            .map(
                h ->
                    inOrder(
                        h.intent().key(),
                        () ->
                            forget(h)
                                .compose(
                                    v ->
                                        blocking(
                                            () -> {
                                              kernel.remove(h.intent().key());
                                              return (Void) null;
                                            }))))
            .toList();
    return Future.join(removed).map(YES);
  }

  /** The other end is gone: the pod's interface stays, its frames wait for a new other end. */
  @Override
  public Future<WireDownResponse> onDown(Caller caller, WireDef def) {
    List<Held> meant =
        held.values().stream()
            .filter(h -> h.intent().key().uid() == def.getLinkUid() && h.intent().matches(def))
            .toList();
    for (Held h : meant) {
      if (!caller.local() && !h.intent().peer().isOf(caller)) {
        throw Fault.DENIED.because(h.intent().key() + " has no end at " + caller);
      }
    }
    return Future.join(
            meant.stream()
                .map(
                    h ->
                        inOrder(
                            h.intent().key(),
                            () ->
                                h.equals(held.get(h.intent().key().id()))
                                    ? refresh(h, h.intent().peer(), 0)
                                    : Future.succeededFuture()))
                .toList())
        .map(WireDownResponse.newBuilder().setResponse(true).build());
  }

  // Ends come and go.

  /** The end as it is held, if its kernel links stand; else what is left of it goes. */
  private Future<Optional<Held>> standing(EndKey key) {
    Held known = held.get(key.id());
    if (known == null) {
      return Future.succeededFuture(Optional.empty());
    }
    return blocking(() -> kernel.stands(known.intent()))
        .compose(
            stands ->
                stands
                    ? Future.succeededFuture(Optional.of(known))
                    : forget(known).map(Optional.empty()));
  }

  private Future<EndIntent> replace(
      EndKey key, WireDef def, PeerAddress peer, Callable<MeshnetKernel.Made> making) {
    Held old = held.get(key.id());
    Future<Void> cleared = old == null ? Future.succeededFuture() : uninstall(old);
    return cleared
        .compose(v -> blocking(making))
        .compose(
            made -> {
              EndIntent intent =
                  new EndIntent(
                      key,
                      def.getLocalPodNetNs(),
                      def.getLocalPodIp(),
                      peer,
                      def.getWireIfIdOnPeerNode(),
                      old == null ? WireVerticle.interfaceId(random) : old.intent().interfaceId(),
                      made.formerIndex(),
                      made.mtu());
              return keep(intent, made.end());
            });
  }

  /** Learns where the other end is now; its own ids stay. */
  private Future<EndIntent> refresh(Held h, PeerAddress peer, long peerId) {
    EndIntent intent = h.intent();
    if (intent.peer().equals(peer) && intent.peerId() == peerId) {
      return Future.succeededFuture(intent);
    }
    EndIntent next = intent.at(peer, peerId);
    return uninstall(h)
        .compose(v -> blocking(() -> kernel.open(next)))
        .compose(
            end ->
                end.isPresent()
                    ? keep(next, end.get())
                    : Future.failedFuture(
                        Fault.UNAVAILABLE.because("the interface of " + next.key() + " went")));
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

  private void install(EndIntent intent, KernelEnds.NodeEnd made) {
    Wire wire = new Wire(intent.spec(self), vertx, meters, this::pass);
    WireEnd end =
        new WireEnd(
            intent.interfaceId(),
            intent.peer()::isOf,
            made.ifindex(),
            made.socket(),
            wire.sent,
            wire.received);
    wire.end = end;
    wire.peerId = intent.peerId();
    held.put(intent.key().id(), new Held(intent, wire));
    path.ends().add(end);
    if (intent.alias() != 0) {
      path.ends().alias(end, intent.alias());
    }
    wire.kick();
  }

  /** Takes an end out of the data path. */
  private Future<Void> uninstall(Held h) {
    Wire wire = h.wire();
    if (!held.remove(h.intent().key().id(), h)) {
      return Future.succeededFuture();
    }
    wire.stop();
    path.ends().remove(wire.end);
    return wire.settled()
        .compose(v -> home(wire.closeStream()))
        .onComplete(done -> wire.end.close());
  }

  private Future<Void> forget(Held h) {
    String id = h.intent().key().id();
    if (!h.equals(held.get(id))) {
      return Future.succeededFuture();
    }
    return uninstall(h)
        .compose(v -> store.delete(TABLE, id))
        .onSuccess(v -> bus.publish(new WireChanged(id, h.wire().link(), null, null)))
        .mapEmpty();
  }

  // The way to the peer.

  private Future<Void> pass(Wire wire) {
    if (wire.stream != null) {
      return Future.succeededFuture();
    }
    if (wire.peerId == 0) {
      changed(wire, WireState.WAITING, "the other end is gone");
      return Future.succeededFuture();
    }
    MeshnetLane lane =
        lanes.computeIfAbsent(path.lane(wire.spec.id()), on -> new MeshnetLane(on, dial));
    String address = wire.spec.peer().node();
    return home(lane.open(
            address, new PacketWriter(wire.peerId, PacketWriter.Peer.PLAIN), wire.sent))
        .<Void>map(
            sink -> {
              wire.opened(sink, path.attach(wire.end, sink, lane.lane()));
              sink.ended()
                  .onComplete(done -> context.runOnContext(v -> onEnded(wire, sink, done.cause())));
              changed(wire, WireState.UP, null);
              return null;
            })
        .onFailure(e -> changed(wire, WireState.JOINING, WeftException.of(e).getMessage()));
  }

  private void onEnded(Wire wire, FrameSink sink, Throwable why) {
    if (wire.stream == sink) {
      wire.closeStream();
      changed(wire, WireState.JOINING, why == null ? "closed" : why.getMessage());
      vertx.setTimer(REOPEN_MILLIS, id -> wire.kick());
    }
  }

  private void changed(Wire wire, WireState state, String reason) {
    if (wire.enter(state, reason)) {
      bus.publish(new WireChanged(wire.spec.id(), wire.link(), state, reason));
    }
  }

  // Threads.

  /** Requests for one end run one after the other. */
  private <T> Future<T> inOrder(EndKey key, Supplier<Future<T>> work) {
    Future<?> before = turns.getOrDefault(key, Future.succeededFuture());
    Future<T> turn = before.transform(done -> work.get());
    turns.put(key, turn);
    turn.onComplete(done -> turns.remove(key, turn));
    return turn;
  }

  private <T> Future<T> blocking(Callable<T> work) {
    return vertx
        .executeBlocking(work, false)
        .recover(e -> Future.failedFuture(WeftException.of(e)));
  }

  private <T> Future<T> home(Future<T> away) {
    Promise<T> promise = Promise.promise();
    away.onComplete(result -> context.runOnContext(v -> promise.handle(result)));
    return promise.future();
  }

  private <T> Future<T> here(Supplier<Future<T>> work) {
    Promise<T> promise = Promise.promise();
    context.runOnContext(
        v -> {
          try {
            work.get().onComplete(promise);
          } catch (RuntimeException e) {
            promise.fail(WeftException.of(e));
          }
        });
    return promise.future();
  }
}

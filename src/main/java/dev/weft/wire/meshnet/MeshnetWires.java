package dev.weft.wire.meshnet;

import com.google.protobuf.Message;
import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Ways;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import dev.weft.wire.WireStatus;
import dev.weft.wire.control.ForeignEnds;
import dev.weft.wire.control.WireRoom;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Serves the calls of meshnet's plugin and of foreign daemons about wire ends. Requests for the
 * same end run one after the other, on the wire room's event loop.
 */
public final class MeshnetWires implements ForeignEnds {
  private static final Set<Listener> READERS = Set.of(Listener.LOCAL, Listener.MEMBERS);
  private static final Set<Listener> LOCAL = Set.of(Listener.LOCAL);

  private static final GrpcMethod<WireDef, WireCreateResponse> EXISTS =
      local("GRPCWireExists", WireCreateResponse.getDefaultInstance());
  private static final GrpcMethod<WireDef, BoolResponse> ADD =
      local("AddGRPCWireLocal", BoolResponse.getDefaultInstance());
  private static final GrpcMethod<WireDef, BoolResponse> REMOVE =
      local("RemGRPCWire", BoolResponse.getDefaultInstance());
  private static final BoolResponse YES = BoolResponse.newBuilder().setResponse(true).build();

  private final WireRoom room;
  private final MeshnetKernel kernel;
  private final MeshnetEnds ends;
  private final WiresConfig config;

  public MeshnetWires(WireRoom room, Ways ways, WiresConfig config) {
    this.room = room;
    this.kernel = new MeshnetKernel(room.kernel());
    this.ends = new MeshnetEnds(room, kernel, new MeshnetWay(room, ways.meshnet()));
    this.config = config;
    ways.listener()
        .serve(EXISTS, READERS, (caller, def) -> room.thread().call(() -> onExists(def)))
        .serve(ADD, LOCAL, (caller, def) -> room.thread().call(() -> onAddLocal(caller, def)))
        .serve(REMOVE, LOCAL, (caller, def) -> room.thread().call(() -> onRemove(def)));
  }

  private static <R extends Message> GrpcMethod<WireDef, R> local(String name, R response) {
    return new GrpcMethod<>(
        Meshnet.getDescriptor().findServiceByName("Local"),
        name,
        WireDef.getDefaultInstance(),
        response);
  }

  @Override
  public Future<Void> open() {
    return ends.open();
  }

  @Override
  public Stream<WireStatus> list() {
    return ends.all().map(end -> end.wire().status());
  }

  @Override
  public int size() {
    return ends.size();
  }

  @Override
  public Optional<WireStatus> get(String id) {
    return ends.find(id).map(end -> end.wire().status());
  }

  @Override
  public Future<Void> close() {
    return ends.close();
  }

  @Override
  public void onLinkGone(int ifindex) {
    ends.all()
        .filter(end -> end.isOn(ifindex))
        .forEach(end -> room.thread().inOrder(end.key(), () -> ends.forget(end)));
  }

  private Future<WireCreateResponse> onExists(WireDef def) {
    Optional<EndIntent> known = meant(def).map(MeshnetEnd::intent).findFirst();
    return Future.succeededFuture(
        WireCreateResponse.newBuilder()
            .setResponse(known.isPresent())
            .setPeerIntfId(known.map(EndIntent::peerId).orElseGet(def::getWireIfIdOnPeerNode))
            .build());
  }

  /** The ends that a call is about; an empty field of the call matches any value. */
  private Stream<MeshnetEnd> meant(WireDef def) {
    return ends.all().filter(e -> e.key().uid() == def.getLinkUid() && e.intent().matches(def));
  }

  private Future<BoolResponse> onAddLocal(Caller caller, WireDef def) {
    room.needCapabilities();
    EndIntent asked = EndIntent.asked(def);
    String hostName = def.getWireIfNameOnLocalNode();
    return add(
            caller,
            asked,
            known -> room.thread().blocking(() -> known.isPresent() && !kernel.hostHas(hostName)),
            () -> kernel.adopt(asked.key(), hostName, asked.netns()))
        .map(YES);
  }

  @Override
  public Future<WireCreateResponse> onJoin(Caller caller, WireDef def) {
    EndIntent asked = EndIntent.asked(def);
    Optional<Cidr> address = Field.address("local_pod_ip", asked.address());
    if (!caller.local() && !asked.peer().isOf(caller)) {
      throw Fault.DENIED.because(
          "peer_node_ip: " + asked.peer() + " (expected: " + caller + ", who asks)");
    }
    return add(
            caller,
            asked,
            known -> Future.succeededFuture(known.isPresent()),
            () -> kernel.make(asked.key(), asked.netns(), address, config.mtu()))
        .map(
            intent ->
                WireCreateResponse.newBuilder()
                    .setResponse(true)
                    .setPeerIntfId(intent.interfaceId())
                    .build());
  }

  /**
   * Creates an end, or changes the other end of an existing one.
   *
   * @param serves whether an existing end is the one that was asked for
   */
  private Future<EndIntent> add(
      Caller caller,
      EndIntent asked,
      Function<Optional<MeshnetEnd>, Future<Boolean>> serves,
      Supplier<Future<MeshnetKernel.Made>> making) {
    return room.thread()
        .inOrder(
            asked.key(),
            () ->
                ends.standing(asked.key())
                    .compose(
                        known ->
                            serves
                                .apply(known)
                                .compose(
                                    does ->
                                        does
                                            ? turn(caller, known.get(), asked)
                                            : ends.replace(asked, making))));
  }

  private Future<EndIntent> turn(Caller caller, MeshnetEnd known, EndIntent asked) {
    PeerChange change = new PeerChange(known.intent(), asked.peer(), caller);
    change.check(config.repoint());
    return ends.refresh(known, asked.peer(), asked.peerId())
        .onSuccess(v -> change.fact().ifPresent(room.context().bus()::publish));
  }

  private Future<BoolResponse> onRemove(WireDef def) {
    if (def.getLocalPodName().isEmpty() && def.getLocalPodNetNs().isEmpty()) {
      throw Fault.invalid("local_pod_name", "", "a pod, or its local_pod_net_ns");
    }
    List<Future<Void>> removed =
        ends.all()
            .filter(end -> end.intent().matches(def))
            .map(end -> room.thread().inOrder(end.key(), () -> remove(end)))
            .toList();
    return Future.join(removed).map(YES);
  }

  private Future<Void> remove(MeshnetEnd end) {
    return ends.forget(end).compose(v -> room.thread().home(kernel.remove(end.key())));
  }

  /** The other end was removed: the pod's interface stays, and waits for a new other end. */
  @Override
  public Future<WireDownResponse> onDown(Caller caller, WireDef def) {
    List<MeshnetEnd> meant = meant(def).toList();
    for (MeshnetEnd end : meant) {
      if (!caller.local() && !end.intent().peer().isOf(caller)) {
        throw Fault.DENIED.because(end.key() + " has no end at " + caller);
      }
    }
    return Future.join(
            meant.stream().map(end -> room.thread().inOrder(end.key(), () -> part(end))).toList())
        .map(WireDownResponse.newBuilder().setResponse(true).build());
  }

  private Future<EndIntent> part(MeshnetEnd end) {
    return ends.find(end.key().id()).filter(end::equals).isPresent()
        ? ends.refresh(end, end.intent().peer(), 0)
        : Future.succeededFuture(end.intent());
  }
}

package dev.weft.wire.meshnet;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.config.GrpcConfig;
import dev.weft.net.NodeLinks;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.GenerateNodeInterfaceNameRequest;
import dev.weft.wire.proto.GenerateNodeInterfaceNameResponse;
import dev.weft.wire.proto.Link;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.Pod;
import dev.weft.wire.proto.PodQuery;
import dev.weft.wire.proto.RemotePod;
import dev.weft.wire.proto.SkipQuery;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Serves the methods of meshnet's {@code Local} and {@code Remote} that are not about wires. */
public final class MeshnetVerticle extends VerticleBase implements AlivePods {
  private static final Set<Listener> PROGRAMS = Set.of(Listener.LOCAL);
  private static final Set<Listener> READERS = Set.of(Listener.LOCAL, Listener.MEMBERS);
  private static final BoolResponse YES = BoolResponse.newBuilder().setResponse(true).build();

  private static final Duration MEMBER_DEADLINE = Duration.ofSeconds(2);

  private final RoomContext room;
  private final GrpcListener listener;
  private final GrpcConfig config;
  private final PodTopology topology;
  private final InterfaceNames names;
  private final VxlanEnds vxlans;
  private RoomThread thread;
  private PodStates states;

  public MeshnetVerticle(
      RoomContext room,
      GrpcListener listener,
      NodeLinks links,
      GrpcConfig config,
      PodTopology topology) {
    this.room = room;
    this.listener = listener;
    this.config = config;
    this.topology = topology;
    this.names = new InterfaceNames(room.store());
    this.vxlans = new VxlanEnds(links);
  }

  @Override
  public Future<?> start() {
    thread = new RoomThread(context);
    states = new PodStates(room.cluster().common("meshnet"));
    serve("Get", READERS, PodQuery.getDefaultInstance(), Pod.getDefaultInstance(), this::onGet);
    serve("SetAlive", PROGRAMS, Pod.getDefaultInstance(), YES, this::onSetAlive);
    serve("Skip", PROGRAMS, SkipQuery.getDefaultInstance(), YES, this::onSkip);
    serve("SkipReverse", PROGRAMS, SkipQuery.getDefaultInstance(), YES, this::onReverse);
    serve("IsSkipped", READERS, SkipQuery.getDefaultInstance(), YES, this::onIsSkipped);
    serve(
        "GenerateNodeInterfaceName",
        PROGRAMS,
        GenerateNodeInterfaceNameRequest.getDefaultInstance(),
        GenerateNodeInterfaceNameResponse.getDefaultInstance(),
        this::onGenerate);
    listener.serve(
        method("Remote", "Update", RemotePod.getDefaultInstance(), YES),
        Set.of(Listener.LOCAL, Listener.MEMBERS, Listener.MESHNET),
        (caller, pod) -> thread.call(() -> onUpdate(caller, pod)));
    return room.bus().serve(AlivePods.class, this);
  }

  private <Q extends Message, R extends Message> void serve(
      String name, Set<Listener> listeners, Q request, R response, Function<Q, Future<R>> handler) {
    listener.serve(
        method("Local", name, request, response),
        listeners,
        (caller, query) -> thread.call(() -> handler.apply(query)));
  }

  private static <Q extends Message, R extends Message> GrpcMethod<Q, R> method(
      String service, String name, Q request, R response) {
    return new GrpcMethod<>(
        Meshnet.getDescriptor().findServiceByName(service), name, request, response);
  }

  private Future<Pod> onGet(PodQuery query) {
    PodRef pod = EndKey.podOf(query.getKubeNs(), query.getName());
    return topology
        .of(pod)
        .compose(
            found ->
                find(pod)
                    .compose(
                        state ->
                            thread
                                .blocking(() -> NodeAddress.find(config))
                                .map(node -> describe(query, found, state, node))));
  }

  /**
   * A pod's state. If this node knows none, all members are asked: of two plugins that each set
   * their pod alive and then look for the other pod, at least one must find it, and the common
   * table is replicated with a delay. For the same reason a member with an older version is not
   * believed.
   */
  private Future<Optional<PodState>> find(PodRef pod) {
    AlivePods.Seen own = states.seen(pod);
    if (!own.state().isEmpty()) {
      return Future.succeededFuture(own.state().stream().findFirst());
    }
    List<Future<AlivePods.Seen>> answers =
        room.cluster().members().stream()
            .filter(member -> !member.id().equals(room.self()))
            .map(
                member -> room.bus().proxy(AlivePods.class, member.id(), MEMBER_DEADLINE).seen(pod))
            .map(asked -> asked.otherwise(own))
            .toList();
    return Future.all(answers)
        .map(
            all ->
                answers.stream()
                    .map(Future::result)
                    .filter(seen -> seen.version() >= own.version())
                    .max(Comparator.comparingLong(AlivePods.Seen::version))
                    .flatMap(seen -> seen.state().stream().findFirst()));
  }

  @Override
  public Future<AlivePods.Seen> seen(PodRef pod) {
    return Future.succeededFuture(states.seen(pod));
  }

  private static Pod describe(
      PodQuery query, List<Link> found, Optional<PodState> state, NodeAddress node) {
    Pod.Builder answer =
        Pod.newBuilder()
            .setName(query.getName())
            .setKubeNs(query.getKubeNs())
            .addAllLinks(found)
            .setNodeIp(node.ip())
            .setNodeIntf(node.intf());
    state.ifPresent(
        s -> answer.setSrcIp(s.srcIp()).setNetNs(s.netNs()).setContainerId(s.containerId()));
    return answer.build();
  }

  private Future<BoolResponse> onSetAlive(Pod pod) {
    PodRef ref = EndKey.podOf(pod.getKubeNs(), pod.getName());
    boolean isAlive = !pod.getSrcIp().isEmpty() && !pod.getNetNs().isEmpty();
    Future<Void> kept =
        isAlive
            ? states.set(ref, new PodState(pod.getSrcIp(), pod.getNetNs(), pod.getContainerId()))
            : states.unset(ref, pod.getContainerId());
    return kept.map(YES);
  }

  private Future<BoolResponse> onSkip(SkipQuery query) {
    return states.skip(pod(query), peer(query), query.getLinkId()).map(YES);
  }

  private Future<BoolResponse> onReverse(SkipQuery query) {
    return find(peer(query))
        .compose(
            alive ->
                alive.isPresent()
                    ? states.reverse(pod(query), peer(query), query.getLinkId())
                    : Future.succeededFuture())
        .map(YES);
  }

  private Future<BoolResponse> onIsSkipped(SkipQuery query) {
    boolean skipped = states.isSkipped(pod(query), peer(query), query.getLinkId());
    return Future.succeededFuture(BoolResponse.newBuilder().setResponse(skipped).build());
  }

  private Future<GenerateNodeInterfaceNameResponse> onGenerate(
      GenerateNodeInterfaceNameRequest request) {
    return names
        .next(request.getPodName(), request.getPodIntfName())
        .map(
            name ->
                GenerateNodeInterfaceNameResponse.newBuilder()
                    .setOk(true)
                    .setNodeIntfName(name)
                    .build());
  }

  private Future<BoolResponse> onUpdate(Caller caller, RemotePod pod) {
    if (!caller.local() && !PeerAddress.parse("peer_vtep", pod.getPeerVtep()).isOf(caller)) {
      throw Fault.DENIED.because(
          "peer_vtep: " + pod.getPeerVtep() + " (expected: " + caller + ", who asks)");
    }
    return thread.home(vxlans.update(pod)).map(YES);
  }

  private static PodRef pod(SkipQuery query) {
    return EndKey.podOf(query.getKubeNs(), query.getPod());
  }

  private static PodRef peer(SkipQuery query) {
    return EndKey.podOf(query.getKubeNs(), query.getPeer());
  }
}

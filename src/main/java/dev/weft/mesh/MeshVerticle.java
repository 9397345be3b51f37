package dev.weft.mesh;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.cluster.Member;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.MeshConfig;
import dev.weft.identity.Identity;
import dev.weft.mesh.gate.Gate;
import dev.weft.mesh.gate.MeshExport;
import dev.weft.mesh.gate.MeshForward;
import dev.weft.mesh.gate.PeerServices;
import dev.weft.mesh.gate.Requested;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.MeshService;
import dev.weft.mesh.peer.Peers;
import dev.weft.reach.PeerPort;
import dev.weft.room.RoomContext;
import dev.weft.rpc.Loop;
import dev.weft.telemetry.Health;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The room: this node's listeners and links, and those with the members of its cluster. */
public final class MeshVerticle extends AbstractVerticle implements Mesh {
  private static final String ROOM = "mesh";
  private static final String UDP = "udp";
  private static final long CHECK_MILLIS = 2000;
  private static final long SECOND_MILLIS = 1000;

  private final RoomContext room;
  private final MeshConfig config;
  private final Identity identity;
  private final Map<String, LinkKind> kinds;
  private final Function<Loop, Future<PeerPort>> ports;
  private final List<LinkKind.Listening> listeners = new ArrayList<>();
  private MeshNode mesh;
  private MeshMetrics metrics;
  private Optional<Gate> gate = Optional.empty();

  /**
   * @param ports opens the node's port for peers, on the mesh's loop among others
   */
  public MeshVerticle(
      RoomContext room,
      MeshConfig config,
      Identity identity,
      List<LinkKind> kinds,
      Function<Loop, Future<PeerPort>> ports) {
    this.room = room;
    this.config = config;
    this.identity = identity;
    this.ports = ports;
    this.kinds = kinds.stream().collect(Collectors.toMap(LinkKind::scheme, Function.identity()));
  }

  @Override
  public void start(Promise<Void> started) {
    room.health().state(ROOM, Health.State.STARTING);
    mesh =
        new MeshNode(
            Loop.of(context),
            new MeshNode.Settings(identity.nodeId(), identity.fingerprint(), config, room.clock()),
            new Observer());
    metrics = new MeshMetrics(room.metrics().registry());
    mesh.measure(metrics, kinds.keySet());
    kinds.values().forEach(kind -> kind.strays().forEach(metrics::dropped));
    join()
        .compose(v -> listen())
        .compose(v -> linkMembers())
        .onSuccess(
            v ->
                config
                    .links()
                    .forEach(link -> mesh.keep(kinds.get(link.to().scheme()), link, false)))
        .compose(v -> gate.map(g -> g.open(config)).orElse(Future.succeededFuture()))
        .compose(v -> room.bus().serve(Mesh.class, this))
        .onSuccess(v -> room.health().state(ROOM, Health.State.READY))
        .onComplete(started);
  }

  /** Without QUIC there are links of other kinds than udp, and no peers. */
  private Future<Void> join() {
    return ports
        .apply(Loop.of(context))
        .compose(mesh::join)
        .compose(v -> mesh.withPeers(this::openGate))
        .recover(
            e -> {
              room.health()
                  .raise(
                      new Health.Warning(
                          ROOM,
                          "no-peers",
                          "this node has no peers: " + e.getMessage(),
                          "services of other nodes cannot be reached, nor those of this one",
                          "the jar brings the library for x86-64 and ARM Linux with glibc"));
              return Future.succeededFuture();
            });
  }

  private Future<Void> openGate(Peers peers) {
    Gate.Surroundings here =
        new Gate.Surroundings(
            vertx,
            Loop.of(context),
            room.store(),
            room.metrics().registry(),
            room.health(),
            room.bus()::publish);
    PeerServices services = new PeerServices(peers, room.self(), this::named);
    services.watch(next -> vertx.setTimer(SECOND_MILLIS, id -> next.run()), room.bus()::publish);
    gate = Optional.of(new Gate(here, services));
    return Future.succeededFuture();
  }

  private List<String> named(String name) {
    return room.cluster().members().stream()
        .filter(member -> member.name().equals(name))
        .map(Member::id)
        .toList();
  }

  private <T> Future<T> gate(Function<Gate, Future<T>> work) {
    return gate.map(work)
        .orElseGet(
            () ->
                Future.failedFuture(
                    Fault.PRECONDITION.because(
                        "peers: none (expected: some; health says why there are none)")));
  }

  /** Opens the listeners one after the other: the first one that fails is the reason. */
  private Future<Void> listen() {
    Future<Void> opened = Future.succeededFuture();
    for (MeshConfig.LinkAddress at : config.listen()) {
      opened =
          opened
              .compose(v -> kinds.get(at.scheme()).listen(at.rest(), mesh::accept))
              .onSuccess(listeners::add)
              .mapEmpty();
    }
    return opened;
  }

  private Future<Void> linkMembers() {
    int udp = config.listen().stream().map(MeshConfig.LinkAddress::scheme).toList().indexOf(UDP);
    boolean outpost = room.cluster().outpost();
    if (udp < 0 && !outpost) {
      return MemberLinks.withdraw(room.cluster());
    }
    MemberLinks members = new MemberLinks(room.cluster(), mesh, kinds.get(UDP));
    Runnable check = () -> members.check(System.nanoTime());
    members.onChange(check);
    room.bus().on(MemberChanged.class, change -> check.run());
    vertx.setPeriodic(CHECK_MILLIS, id -> check.run());
    if (outpost) {
      return MemberLinks.withdraw(room.cluster()).onSuccess(v -> check.run());
    }
    String address = listeners.get(udp).address().substring((UDP + "://").length());
    return members.announce(address).onSuccess(v -> check.run());
  }

  @Override
  public void stop(Promise<Void> stopped) {
    Future<Void> closed =
        Future.join(listeners.stream().map(LinkKind.Listening::close).toList()).mapEmpty();
    closed
        .transform(done -> gate.map(Gate::close).orElse(Future.succeededFuture()))
        .transform(done -> mesh.close())
        .transform(done -> Future.join(kinds.values().stream().map(LinkKind::close).toList()))
        .<Void>mapEmpty()
        .onComplete(done -> metrics.close())
        .onComplete(stopped);
  }

  @Override
  public Future<List<MeshLink>> links() {
    return mesh.links();
  }

  @Override
  public Future<List<MeshRoute>> routes() {
    return mesh.routes();
  }

  @Override
  public Future<List<MeshPeer>> peers() {
    return mesh.peers(Peers::rows);
  }

  @Override
  public Future<List<MeshService>> services() {
    return mesh.peers(Peers::services);
  }

  @Override
  public Future<List<MeshExport>> exports() {
    return gate.map(Gate::exports).orElse(Future.succeededFuture(List.of()));
  }

  @Override
  public Future<MeshExport> export(String name, String target, List<String> allow) {
    return gate(g -> g.export(Requested.export(name, target, allow)));
  }

  @Override
  public Future<Void> withdraw(String name) {
    return gate(g -> g.withdraw(name));
  }

  @Override
  public Future<List<MeshForward>> forwards() {
    return gate.map(Gate::forwards).orElse(Future.succeededFuture(List.of()));
  }

  @Override
  public Future<MeshForward> forward(String listen, String node, String service) {
    return gate(g -> g.forward(Requested.forward(listen, node, service)));
  }

  @Override
  public Future<Void> unforward(String listen) {
    return gate(g -> g.unforward(Requested.listener(listen)));
  }

  @Override
  public Future<List<MeshHop>> ping(String node) {
    return mesh.ping(node);
  }

  private final class Observer implements MeshNode.Observer {
    @Override
    public void happened(Fact fact) {
      room.bus().publish(fact);
    }

    @Override
    public void trouble(String link, String remote, String reason) {
      // An outpost only tries whether it gets through to the members that it was not told to dial.
      boolean needed =
          !room.cluster().outpost()
              || config.links().stream().anyMatch(l -> l.to().rest().equals(remote));
      room.health()
          .show(
              !reason.isEmpty() && needed,
              new Health.Warning(
                  ROOM,
                  "link-" + link,
                  "link " + link + " to " + remote + " is not up: " + reason,
                  "nodes that are reached over this link only cannot be reached through the mesh",
                  "the node tries again by itself; see weft links"));
    }
  }
}

package dev.weft.wire.control;

import dev.weft.bus.Fault;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Ways;
import dev.weft.linux.Capabilities;
import dev.weft.linux.Capability;
import dev.weft.linux.KernelVersion;
import dev.weft.linux.Link;
import dev.weft.linux.LinkEvent;
import dev.weft.linux.LinkMonitor;
import dev.weft.linux.Netns;
import dev.weft.net.NodeLinks;
import dev.weft.pod.PodChanged;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.telemetry.CapabilityNeeds;
import dev.weft.telemetry.Health;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.PacketWriter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Owns this node's wires: their intents, their ends in the kernel, their streams to the peers. */
public final class WireVerticle extends VerticleBase implements Wires {
  private static final Logger log = LoggerFactory.getLogger(WireVerticle.class);

  private static final String ROOM = "wire";

  private static final CapabilityNeeds NEEDS =
      new CapabilityNeeds(
          ROOM,
          "wires of this node wait",
          List.of(
              new CapabilityNeeds.Need(Capability.CAP_NET_ADMIN, "create veth pairs"),
              new CapabilityNeeds.Need(Capability.CAP_NET_RAW, "open packet sockets"),
              new CapabilityNeeds.Need(
                  Capability.CAP_SYS_ADMIN, "enter pods' network namespaces")));

  /** How often a pass compares every wire with the kernel, even if nothing was reported. */
  private static final long RECONCILE_MILLIS = 15_000;

  private final RoomContext roomContext;
  private final Ways ways;
  private final ForeignEnds.Factory foreignEnds;
  private final WiresConfig config;
  private final int loops;
  private final KernelEnds kernel;
  private final Promise<WireRoom> opened = Promise.promise();
  private boolean hears;
  private WireRoom room;
  private KeptWires wires;
  private ForeignEnds foreign;
  private LinkMonitor monitor;
  private LinkMonitor hostMonitor;
  private LinkMonitor ends;

  /**
   * @param loops event loops that carry streams
   */
  public WireVerticle(
      RoomContext roomContext,
      Ways ways,
      NodeLinks links,
      ForeignEnds.Factory foreignEnds,
      WiresConfig config,
      int loops) {
    this.roomContext = roomContext;
    this.ways = ways;
    this.foreignEnds = foreignEnds;
    this.config = config;
    this.loops = loops;
    this.kernel = new KernelEnds(links);
  }

  @Override
  public Future<?> start() throws IOException {
    roomContext.health().state(ROOM, Health.State.STARTING);
    Set<Capability> effective = Capabilities.effective();
    hears = effective.contains(Capability.CAP_NET_BROADCAST);
    List<String> lacking = NEEDS.lacking(effective);
    NEEDS.report(lacking, roomContext.health());
    RoomThread thread = new RoomThread(context);
    return DataPath.open(vertx, ways.dial(), ways.listener(), config, loops)
        .compose(
            path ->
                open(
                    new WireRoom(
                        roomContext,
                        vertx,
                        thread,
                        path,
                        kernel,
                        new SecureRandom(),
                        PacketWriter.Peer.of(
                            true,
                            KernelVersion.hasUdpSegmentation(),
                            config.bigTcp() && KernelVersion.hasBigTcp()),
                        lacking)))
        .compose(v -> roomContext.bus().serve(Wires.class, this))
        .onSuccess(v -> onStarted());
  }

  private Future<Void> open(WireRoom opened) {
    room = opened;
    MadePlaces places = new MadePlaces(roomContext.store());
    wires =
        new KeptWires(
            room,
            new WireAssembler(
                room, new PeerCalls(ways.dial(), room.takes()), places, config, hears),
            places);
    foreign = foreignEnds.create(room);
    new JoinService(room, wires::find, foreign).addTo(ways.listener());
    return wires
        .load()
        .compose(v -> room.lacking().isEmpty() ? openKernel() : Future.succeededFuture())
        .onSuccess(v -> this.opened.complete(room));
  }

  /** Done when ends can be made, for rooms that have ends of their own in the data path. */
  public Future<WireRoom> opened() {
    return opened.future();
  }

  private Future<Void> openKernel() {
    Set<String> wanted = wires.ids();
    Set<String> onHost = wires.idsOnHost();
    return room.thread().blocking(() -> openKernel(wanted, onHost)).compose(v -> foreign.open());
  }

  private Void openKernel(Set<String> wanted, Set<String> onHost) throws IOException {
    if (config.onStop() == WiresConfig.OnStop.KEEP) {
      kernel.fleeting().ifPresent(this::warnOfEnds);
    }
    kernel.open(wanted, onHost);
    monitor =
        LinkMonitor.open(
            kernel.netns(),
            event -> {
              if (event.kind() == LinkEvent.Kind.DELETED) {
                room.thread().run(() -> onLinkGone(event.index()));
              }
            });
    try (Netns host = Netns.open(Netns.HOST)) {
      hostMonitor =
          LinkMonitor.open(host, event -> room.thread().run(() -> onHostLink(event.name())));
    }
    ends =
        LinkMonitor.openAll(
            kernel.netns(),
            link ->
                link.ifPresentOrElse(
                    l ->
                        kernel
                            .wireOf(l)
                            .ifPresent(id -> room.thread().run(() -> onLinkChanged(id, l))),
                    () -> room.thread().run(() -> wires.all().forEach(Wire::hint))));
    return null;
  }

  /** An interface of the host may have come, gone, or changed its state. */
  private void onHostLink(String name) {
    wires.kick(spec -> name.isEmpty() ? spec.hasNic() : spec.hasNic(name));
  }

  private void onLinkChanged(String id, Link link) {
    wires.find(id).ifPresent(wire -> wire.onLink(link));
  }

  private void warnOfEnds(String why) {
    log.warn("wires.on-stop: keep does not hold here, wires' ends go with this process: {}", why);
    roomContext
        .health()
        .raise(
            new Health.Warning(
                ROOM,
                "ends-not-kept",
                "wires' ends go with this process, though wires.on-stop is keep: " + why,
                "pods' interfaces are made again after each restart of the node",
                "start the node in the host's mount namespace, or give it CAP_SYS_ADMIN and"
                    + " CAP_SYS_CHROOT over it; in a container share the host's /run/netns"
                    + " (Bidirectional); or set wires.on-stop: remove"));
  }

  private void onStarted() {
    roomContext
        .bus()
        .on(
            PodChanged.class,
            change ->
                wires.kick(
                    spec ->
                        spec.local().pod().equals(change.pod())
                            || spec.peer().pod().equals(change.pod())));
    roomContext
        .bus()
        .on(
            MemberChanged.class,
            change -> wires.kick(spec -> change.id().equals(spec.peer().node())));
    WireMeters.register(roomContext.metrics().registry(), wires, foreign, room.path().ends());
    wires.kick(spec -> true);
    vertx.setPeriodic(RECONCILE_MILLIS, id -> wires.kick(spec -> true));
    roomContext.health().state(ROOM, Health.State.READY);
  }

  private void onLinkGone(int ifindex) {
    foreign.onLinkGone(ifindex);
    wires.all().forEach(wire -> wire.onLinkGone(ifindex));
  }

  @Override
  public Future<?> stop() {
    boolean removes = config.onStop() == WiresConfig.OnStop.REMOVE;
    return Future.join(wires.close(removes), foreign.close())
        .transform(done -> room.thread().blocking(() -> closeKernel(removes)));
  }

  private Void closeKernel(boolean removes) throws IOException {
    if (monitor != null) {
      monitor.close();
    }
    if (hostMonitor != null) {
      hostMonitor.close();
    }
    if (ends != null) {
      ends.close();
    }
    if (removes && room.lacking().isEmpty()) {
      kernel.removeAll();
    }
    kernel.close();
    return null;
  }

  @Override
  public Future<WireStatus> put(WireSpec spec) {
    return wires.put(spec);
  }

  @Override
  public Future<Void> remove(String id) {
    return wires.remove(id);
  }

  @Override
  public Future<List<WireStatus>> list() {
    return wires
        .look(wires.all())
        .map(v -> Stream.concat(wires.all().map(Wire::status), foreign.list()).toList());
  }

  @Override
  public Future<WireStatus> get(String id) {
    return wires
        .look(wires.find(id).stream())
        .map(
            v ->
                wires
                    .find(id)
                    .map(Wire::status)
                    .or(() -> foreign.get(id))
                    .orElseThrow(
                        () -> Fault.NOT_FOUND.because("wire " + id + " is not on this node")));
  }

  @Override
  public String toString() {
    return "wires of node " + roomContext.self();
  }
}

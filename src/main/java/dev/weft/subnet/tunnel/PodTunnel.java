package dev.weft.subnet.tunnel;

import dev.weft.address.Cidr;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.room.Backoff;
import dev.weft.room.Passes;
import dev.weft.wire.WireState;
import dev.weft.wire.control.OpenStream;
import dev.weft.wire.control.WireLife;
import dev.weft.wire.control.WireLife.Action;
import dev.weft.wire.control.WireLife.Change;
import dev.weft.wire.control.WireLife.Joined;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.control.WireLife.Report;
import dev.weft.wire.control.WireLife.Standing;
import dev.weft.wire.kernel.KernelEnds.NodeEnd;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.WireEnd;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tunnel to one node: its state, and the passes that bring it up. For the room's event loop.
 */
final class PodTunnel {
  private static final Logger log = LoggerFactory.getLogger(PodTunnel.class);

  private final TunnelRoom room;
  private final String node;
  private final TunnelPackets packets;
  private final Passes passes;
  private WireLife<WireEnd, OpenStream> life = WireLife.begin();
  private TunnelPeer peer;
  private List<Cidr> own;
  private long downSince;

  /** What the pass under way waits for at the peer; null before the first. */
  private Promise<Void> awaited;

  /** Completes when all that this tunnel, or the one before it, gave up is closed. */
  private Future<Void> closed;

  /**
   * @param own subnets of this node's pods
   * @param before done when nothing is left of an earlier tunnel to that node
   */
  PodTunnel(TunnelRoom room, List<Cidr> own, TunnelPeer peer, Future<Void> before) {
    this.room = room;
    this.node = peer.node();
    this.own = own;
    this.peer = peer;
    this.packets = new TunnelPackets(room.sent(), room.received(), own, peer.subnets());
    this.passes = new Passes(room.vertx(), this::pass, new Backoff(room.wires().random()));
    this.closed = before;
    this.downSince = System.nanoTime();
  }

  TunnelPeer peer() {
    return peer;
  }

  /** Why no packets cross; empty while they do. */
  Optional<String> problem() {
    return Optional.ofNullable(life.report().reason());
  }

  boolean isUp() {
    return life.report().state() == WireState.UP;
  }

  /** How long no packets have crossed; 0 while they do. */
  long downNanos() {
    return isUp() ? 0 : System.nanoTime() - downSince;
  }

  Optional<WireEnd> end() {
    return life.end();
  }

  /** Goes on between other subnets, or with another MTU. */
  void between(List<Cidr> ownNow, TunnelPeer peerNow) {
    own = ownNow;
    peer = peerNow;
    packets.between(ownNow, peerNow.subnets());
  }

  void kick() {
    var unused = passes.ask();
  }

  // Passes: a step for each state.

  private Future<Void> pass() {
    return stand()
        .compose(v -> join())
        .compose(v -> stream())
        .onFailure(
            cause -> {
              WeftException e = WeftException.of(cause);
              on(now -> now.failed(e.fault(), e.getMessage()));
            });
  }

  private Future<Void> stand() {
    return closed
        .compose(v -> room.thread().home(room.device().ensure(own, peer)))
        .compose(
            link -> {
              lose(link);
              return life.end().isPresent()
                  ? Future.succeededFuture()
                  : closed.compose(v -> open(link.peerIndex()));
            });
  }

  /** The end that stands may be that of a pair that somebody deleted. */
  private void lose(Link made) {
    life.end()
        .filter(end -> end.ifindex() != made.peerIndex())
        .ifPresent(old -> on(now -> now.lost(old, "its interface was deleted")));
  }

  private Future<Void> open(int ifindex) {
    // No carrier, so that the kernel drops what is sent, until the tunnel is up.
    return room.thread()
        .home(room.wires().kernel().carrier(ifindex, false))
        .compose(v -> room.thread().blocking(() -> room.wires().kernel().socketOn(ifindex)))
        .map(
            opened -> {
              made(opened);
              return null;
            });
  }

  private void made(NodeEnd opened) {
    WireEnd end =
        new WireEnd(
            room.wires().interfaceId(),
            caller -> caller.isNode(node),
            opened.ifindex(),
            opened.socket(),
            room.sent().counter(),
            room.received().counter(),
            packets);
    room.wires().path().ends().add(end);
    on(now -> now.made(end, new Report(WireState.JOINING, "asking node " + peer.name())));
    room.changed().run();
  }

  private Future<Void> join() {
    if (!(life instanceof Standing<WireEnd, OpenStream> standing)) {
      return Future.succeededFuture();
    }
    WireEnd told = standing.own();
    return unlessStopped(
        room.thread()
            .home(room.calls().join(node, told.interfaceId()))
            .map(
                there -> {
                  on(now -> now.joined(told, there));
                  return null;
                }));
  }

  private Future<Void> stream() {
    if (!(life instanceof Joined<WireEnd, OpenStream> joined)) {
      return Future.succeededFuture();
    }
    PeerEnd to = joined.peer();
    Lane lane = room.wires().path().lane(node, node);
    return unlessStopped(
        room.thread()
            .home(lane.open(node, new PacketWriter(to.id(), to.takes())))
            .map(
                sink -> {
                  opened(to, sink, lane);
                  return null;
                }));
  }

  private void opened(PeerEnd to, FrameSink sink, Lane lane) {
    OpenStream stream = new OpenStream(sink, lane);
    on(now -> now.opened(to, stream));
    room.thread()
        .home(sink.ended())
        .onSuccess(v -> on(now -> now.ended(stream, "closed")))
        .onFailure(e -> on(now -> now.ended(stream, e.getMessage())));
  }

  /** A peer that is gone does not hold up the end of the tunnel. */
  private Future<Void> unlessStopped(Future<Void> asked) {
    Promise<Void> waiting = Promise.promise();
    awaited = waiting;
    asked.onSuccess(waiting::tryComplete).onFailure(waiting::tryFail);
    return waiting.future();
  }

  // Events.

  /** Applies an event, then performs the actions. */
  void on(Function<WireLife<WireEnd, OpenStream>, Change<WireEnd, OpenStream>> event) {
    boolean wasUp = isUp();
    Change<WireEnd, OpenStream> change = event.apply(life);
    life = change.life();
    if (isUp() != wasUp && !passes.stopped()) {
      downSince = System.nanoTime();
      life.end().ifPresent(end -> carrier(end.ifindex(), !wasUp));
      room.changed().run();
    }
    change.actions().forEach(this::perform);
  }

  /** The thread for links makes changes in the order of the states: the last state decides. */
  private void carrier(int ifindex, boolean on) {
    room.wires()
        .kernel()
        .carrier(ifindex, on)
        .onFailure(e -> log.warn("tunnel to node {}: {}", peer.name(), Reason.of(e)));
  }

  private void perform(Action<WireEnd, OpenStream> action) {
    if (action instanceof Action.Start<WireEnd, OpenStream> start) {
      start.stream().start(room.wires().path(), start.end());
    } else if (action instanceof Action.Close<WireEnd, OpenStream> close) {
      Future<Void> closing = room.thread().home(close.stream().close());
      closed = closed.transform(done -> closing);
    } else if (action instanceof Action.Remove<WireEnd, OpenStream> remove) {
      WireEnd end = remove.end();
      room.wires().path().ends().remove(end);
      room.calls().part(node, end.interfaceId());
      closed = closed.transform(done -> room.thread().home(room.wires().path().close(end)));
    } else {
      kick();
    }
  }

  /** Takes the tunnel out of the data path; completes when all is closed. The device stays. */
  Future<Void> stop() {
    Future<Void> settled = passes.stop();
    if (awaited != null) {
      awaited.tryComplete();
    }
    on(WireLife::stopped);
    return settled.transform(done -> closed);
  }
}

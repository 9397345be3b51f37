package dev.weft.wire.control;

import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.room.Backoff;
import dev.weft.room.Passes;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.control.WireLife.Action;
import dev.weft.wire.control.WireLife.Change;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.control.WireLife.Report;
import dev.weft.wire.kernel.EndState;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.kernel.KernelLink;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.TrafficCounter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One wire of this node: its intent, its state, and the passes that bring it up. It tells its
 * {@link WireLife} each event, performs the actions of the answer, and publishes the reported
 * state. Only the room's event loop uses it.
 */
public final class Wire {
  /** Senses of a wire's ends begin no closer together, or a pod could keep its node busy. */
  private static final long SENSE_MILLIS = 50;

  /** Streams' loops read it too. */
  private volatile WireSpec spec;

  private final EndWords words = new EndWords();
  private final TrafficCounter sent = new TrafficCounter();
  private final TrafficCounter received = new TrafficCounter();
  private final WireRoom room;
  private final WireWork work;
  private final Passes passes;
  private final Runnable unmeter;
  private WireLife<PodEnd, OpenStream> life = WireLife.begin();
  private Instant since;

  /** What was published last. */
  private Report shown;

  /** The ends may differ from what is known of them. */
  private boolean unsensed = true;

  private long sensedAt;
  private boolean sensingLater;

  /** Where the kernel carries the frames; null for a grpc wire. */
  private KernelEnds.Carried carried;

  /** The interface as of the last look; null before the first. Meters read it on other threads. */
  private volatile KernelLink link;

  private long lookedAt;

  /** What the pass under way waits for at the peer; null before the first. */
  private Promise<Void> awaited;

  /** Completes when all streams and sockets that this wire gave up are closed. */
  private Future<Void> closed = Future.succeededFuture();

  public Wire(WireSpec spec, WireRoom room, WireWork work) {
    this.spec = spec;
    this.room = room;
    this.work = work;
    this.passes = new Passes(room.vertx(), () -> work.pass(this), new Backoff(room.random()));
    this.since = room.context().clock().instant();
    this.shown = EndReport.of(spec, life.report(), words);
    this.unmeter = WireMeters.register(this, room.context().metrics().registry());
  }

  public WireSpec spec() {
    return spec;
  }

  public String id() {
    return spec.id();
  }

  /** From the pod towards the peer. */
  public TrafficCounter sent() {
    return sent;
  }

  /** From the peer towards the pod. */
  public TrafficCounter received() {
    return received;
  }

  public WireLife<PodEnd, OpenStream> life() {
    return life;
  }

  public Optional<PodEnd> end() {
    return life.end();
  }

  WireState state() {
    return shown.state();
  }

  EndWords words() {
    return words;
  }

  /** Cuts or mends the wire, which otherwise stays as it is. */
  void cut(boolean isCut) {
    spec = spec.withCut(isCut);
    show();
    kick();
  }

  /** Whether frames go to the end with that id. */
  boolean carriesTo(long peerId) {
    return life instanceof WireLife.Carrying<PodEnd, OpenStream> carrying
        && carrying.peer().id() == peerId;
  }

  public WireStatus status() {
    life.end().ifPresent(end -> end.wireEnd().countKernelDrops());
    return new WireStatus(
        spec, shown.state(), shown.reason(), since, sentTraffic(), receivedTraffic(), mtu());
  }

  private int mtu() {
    if (words.own().isPresent()) {
      return words.own().get().mtu();
    }
    return link == null ? spec.mtu() : link.mtu();
  }

  /** From the pod towards the peer, whoever carries it; any thread may ask. */
  WireStatus.Traffic sentTraffic() {
    KernelLink last = link;
    return last == null ? sent.read() : last.sent();
  }

  /** As {@link #sentTraffic}, from the peer towards the pod. */
  WireStatus.Traffic receivedTraffic() {
    KernelLink last = link;
    return last == null ? received.read() : last.received();
  }

  /** The kernel carries the wire's frames by that interface. */
  void carriedBy(KernelEnds.Carried by, KernelLink as) {
    carried = by;
    seen(as);
  }

  /** The interface was looked at. */
  void seen(KernelLink as) {
    link = as;
    lookedAt = System.nanoTime();
  }

  /** What is to be looked at; empty if the kernel carries nothing. */
  Optional<KernelEnds.Carried> carried() {
    return life instanceof WireLife.Linked<PodEnd, OpenStream>
        ? Optional.ofNullable(carried)
        : Optional.empty();
  }

  /** How long ago the interface was looked at. */
  long unseenNanos() {
    return System.nanoTime() - lookedAt;
  }

  /** {@code default/r1:eth1 - default/r2:eth1}. */
  String link() {
    return spec.local().text() + " - " + spec.peer().text();
  }

  /** Whether this wire uses an interface that the other wire names. */
  boolean claims(WireSpec other) {
    return isEnd(other.local()) || (other.kind().isOnOneNode() && isEnd(other.peer()));
  }

  private boolean isEnd(WireSpec.End end) {
    return spec.local().isSameInterface(end)
        || (spec.kind().isOnOneNode() && spec.peer().isSameInterface(end));
  }

  /** Asks for a pass. */
  public void kick() {
    passes.ask();
  }

  /** Applies an event: changes the state, publishes it, then performs the actions. */
  public void on(Function<WireLife<PodEnd, OpenStream>, Change<PodEnd, OpenStream>> event) {
    Change<PodEnd, OpenStream> change = event.apply(life);
    life = change.life();
    if (life instanceof WireLife.WithPeer<PodEnd, OpenStream> with) {
      words.joined(with.peer().id());
    }
    show();
    change.actions().forEach(this::perform);
  }

  private void show() {
    Report before = shown;
    Report report = EndReport.of(spec, life.report(), words);
    shown = report;
    if (passes.stopped()) {
      return;
    }
    if (!report.equals(before)) {
      if (report.state() != before.state()) {
        since = room.context().clock().instant();
      }
      publish(report, before.state());
      work.reported(this, before.state(), report.state());
    }
    work.changed(this);
  }

  // The ends' states.

  /** Whether the interfaces on this node are to be looked at. */
  boolean isUnsensed() {
    return unsensed;
  }

  /** A look at the interfaces begins: what happens from now on may be missed by it. */
  void sensing() {
    unsensed = false;
    sensedAt = System.nanoTime();
  }

  /** The interfaces could not be looked at: the next pass does. */
  void unsensed() {
    unsensed = true;
  }

  /** The interface on this node, or both, were looked at. */
  void sensed(List<EndState> ends) {
    if (ends.size() > 1) {
      words.seenBoth(ends.get(0), ends.get(1));
    } else {
      words.seen(ends.get(0));
    }
    show();
  }

  /** The node of the other end says how that is. */
  void heard(long peerId, Optional<EndWords.Word> word) {
    words.heard(peerId, word);
    show();
  }

  /** The interfaces may have changed: asks for a pass that looks at them. */
  void hint() {
    unsensed = true;
    long waits = SENSE_MILLIS - (System.nanoTime() - sensedAt) / 1_000_000;
    if (waits <= 0) {
      kick();
    } else if (!sensingLater) {
      sensingLater = true;
      room.vertx()
          .setTimer(
              waits,
              id -> {
                sensingLater = false;
                kick();
              });
    }
  }

  /** A link that seems to be of this wire is new or has changed. */
  void onLink(Link changed) {
    Optional<EndState> there = Optional.of(new EndState(changed.up(), changed.mtu()));
    boolean isLocal = changed.name().equals(spec.local().intf());
    boolean isPeer = spec.kind() == WireKind.VETH && changed.name().equals(spec.peer().intf());
    boolean isNodeEnd = end().filter(end -> end.isNodeEnd(changed.index())).isPresent();
    boolean isNews =
        (isLocal && !words.own().equals(there))
            || (isPeer && !words.peer().equals(there))
            || (isNodeEnd && changed.up() && changed.carrier() == words.isOwnDown());
    if (isNews && spec.isOfTopology()) {
      hint();
    }
  }

  private void perform(Action<PodEnd, OpenStream> action) {
    if (action instanceof Action.Start<PodEnd, OpenStream> start) {
      start.stream().start(room.path(), start.end().wireEnd());
    } else if (action instanceof Action.Close<PodEnd, OpenStream> close) {
      Future<Void> closing = room.thread().home(close.stream().close());
      closed = closed.transform(done -> closing);
    } else if (action instanceof Action.Remove<PodEnd, OpenStream> remove) {
      PodEnd end = remove.end();
      room.path().ends().remove(end.wireEnd());
      work.removed(this, end);
      closed = closed.transform(done -> room.thread().home(room.path().close(end.wireEnd())));
    } else {
      work.again(this);
    }
  }

  private void publish(Report report, WireState before) {
    room.context()
        .bus()
        .publish(new WireChanged(id(), link(), report.state(), report.reason(), before));
  }

  /** Publishes that this node has removed the wire. */
  public void publishRemoved() {
    publish(new Report(null, null), null);
  }

  /** A link of the node's namespace was deleted; it may be this wire's node end. */
  void onLinkGone(int ifindex) {
    end()
        .filter(end -> end.isNodeEnd(ifindex))
        .ifPresent(end -> on(life -> life.lost(end, "its interface was deleted")));
  }

  /**
   * An end was created. The end enters the data path, and leaves it at once if it is not needed.
   */
  public void made(PodEnd end, Report report) {
    room.path().ends().add(end.wireEnd());
    on(life -> life.made(end, report));
  }

  /** A stream to the peer's end was opened. */
  public void opened(PeerEnd to, FrameSink sink, Lane lane) {
    opened(to, new OpenStream(sink, lane));
  }

  /** As {@link #opened(PeerEnd, FrameSink, Lane)}. */
  void opened(PeerEnd to, OpenStream stream) {
    on(life -> life.opened(to, stream));
    room.thread()
        .home(stream.ended())
        .onSuccess(v -> on(life -> life.ended(stream, "closed")))
        .onFailure(e -> on(life -> life.ended(stream, Reason.of(e))));
  }

  /** A pass failed. */
  public void failed(Throwable cause) {
    WeftException e = WeftException.of(cause);
    on(life -> life.failed(e.fault(), e.getMessage()));
  }

  /**
   * Takes the wire out of the data path for good; completes when no pass is under way and all is
   * closed. Kernel links stay.
   */
  public Future<Void> stop() {
    unmeter.run();
    if (awaited != null) {
      awaited.tryComplete();
    }
    Future<Void> settled = passes.stop();
    on(WireLife::stopped);
    return settled.transform(done -> closed);
  }

  /**
   * What a pass waits for at the peer, or until the wire stops: a peer that is gone does not hold
   * up the end of the wire. What the peer answers later is closed at once.
   */
  Future<Void> unlessStopped(Future<Void> peer) {
    Promise<Void> waiting = Promise.promise();
    awaited = waiting;
    peer.onSuccess(waiting::tryComplete).onFailure(waiting::tryFail);
    return waiting.future();
  }

  /** Completes when all streams and sockets that this wire gave up are closed. */
  Future<Void> closed() {
    return closed;
  }
}

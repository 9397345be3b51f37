package dev.weft.proxy.track;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** One connection of a proxy. On the room's loop. */
public final class Tracked {
  private final String side;
  private final WantedConnection wanted;
  private final boolean configured;
  private final Consumer<Fact> facts;
  private final Set<TrackedStream> streams = new HashSet<>();
  private TrackState state = new TrackState.New();

  /** Why it is lost, as was told; attempts that fail for the same reason are not. */
  private String lostAsTold = "";

  private Promise<Void> standing = Promise.promise();

  Tracked(String side, WantedConnection wanted, boolean configured, Consumer<Fact> facts) {
    this.side = side;
    this.wanted = wanted;
    this.configured = configured;
    this.facts = facts;
  }

  public WantedConnection wanted() {
    return wanted;
  }

  boolean configured() {
    return configured;
  }

  public TrackState state() {
    return state;
  }

  /** Whether it leads to this node, as far as is known. */
  public boolean leadsTo(NodeId node) {
    return state.reachedNode().or(() -> wanted.remote().node()).filter(node::equals).isPresent();
  }

  /** Done as soon as streams can be opened; fails when the connection is removed. */
  public Future<Void> standing() {
    return state.standing() ? Future.succeededFuture() : standing.future();
  }

  /** A stream runs over it; DENIED if it was removed meanwhile, or is lost. */
  public void opened(TrackedStream stream) {
    if (!state.standing()) {
      throw Fault.UNAVAILABLE.because(at() + ": " + state.word());
    }
    streams.add(stream);
    state = state.streams(streams.size());
  }

  public void ended(TrackedStream stream) {
    if (streams.remove(stream)) {
      state = state.streams(streams.size());
    }
  }

  void trying() {
    state = state.trying();
  }

  void reached(Optional<NodeId> node, String path) {
    TrackState before = state;
    state = state.reached(node, path);
    if (!state.standing()) {
      return;
    }
    String pathBefore = before.standing() ? path(before) : null;
    if (!path.equals(pathBefore) || !before.reachedNode().equals(node)) {
      facts.accept(
          new ProxyConnectionUp(
              side, at(), node.map(NodeId::value).orElse(null), path, pathBefore));
    }
    lostAsTold = "";
    standing.tryComplete();
  }

  void lost(String reason) {
    state = state.lost(reason);
    if (state instanceof TrackState.Lost && !reason.equals(lostAsTold)) {
      lostAsTold = reason;
      facts.accept(new ProxyConnectionLost(side, at(), reason, reset(reason)));
    }
  }

  /** The proxy ends. */
  void stopped() {
    state = state.stopped();
    reset("the proxy was stopped");
  }

  void removed() {
    state = new TrackState.Removed();
    facts.accept(new ProxyConnectionRemoved(side, at(), reset("the connection was removed")));
    standing.tryFail(Fault.UNAVAILABLE.because(at() + ": removed"));
  }

  /** Breaks off the streams; how many there were. */
  private int reset(String reason) {
    if (standing.future().isComplete()) {
      standing = Promise.promise();
    }
    Set<TrackedStream> all = Set.copyOf(streams);
    streams.clear();
    all.forEach(stream -> stream.breakOff(reason));
    return all.size();
  }

  private String at() {
    return wanted.remote().at().toString();
  }

  private static String path(TrackState state) {
    return state instanceof TrackState.Established e
        ? e.path()
        : state instanceof TrackState.Composed c ? c.path() : null;
  }

  public TrackedRow row() {
    return new TrackedRow(
        side,
        at(),
        state.reachedNode().or(() -> wanted.remote().node()).map(NodeId::value).orElse(null),
        wanted.remote().nat() ? "nat" : "direct",
        wanted.transport(),
        configured ? "configured" : "created",
        state.word(),
        path(state),
        state instanceof TrackState.Lost l ? l.reason() : null,
        streams.size(),
        wanted.remote().timeout().toMillis());
  }
}

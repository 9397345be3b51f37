package dev.weft.proxy.quic;

import dev.weft.bus.Fault;
import dev.weft.dial.NodeDial;
import dev.weft.dial.WayState;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.Remote;
import dev.weft.reach.path.PathStatus;
import dev.weft.reach.path.PathTarget;
import dev.weft.reach.path.Paths;
import dev.weft.room.Backoff;
import io.vertx.core.AsyncResult;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Supplier;

/** One node that a proxy wants to reach. Any thread may call. */
final class SoughtNode {
  private final Vertx vertx;
  private final Remote remote;
  private final NodeDial dial;
  private final Supplier<Optional<NodeId>> member;
  private final Carrier.Events events;
  private final Backoff retries = new Backoff(new SecureRandom());

  /** Since when it is not reached, nanoseconds. */
  private long since = System.nanoTime();

  private long nextTry = since;
  private boolean connecting;
  private boolean removed;

  /** Why it is lost, as the proxy was told; empty if it was not. */
  private String lost = "";

  /** What the proxy was told; empty while it is not reached. */
  private String path = "";

  private String reason = "no node was heard there";

  /** The path by UDP; empty if this node has no port for one. */
  private Optional<Paths.Kept> kept = Optional.empty();

  private volatile Optional<PathStatus> status = Optional.empty();

  /**
   * @param member finds the member that is at the address
   */
  SoughtNode(
      Vertx vertx,
      Remote remote,
      NodeDial dial,
      Supplier<Optional<NodeId>> member,
      Carrier.Events events) {
    this.vertx = vertx;
    this.remote = remote;
    this.dial = dial;
    this.member = member;
    this.events = events;
  }

  /** Begins to look for a path by UDP. */
  void seek(Paths paths) {
    PathTarget target = new PathTarget(remote.at(), remote.node(), remote.timeout());
    Paths.Kept path = paths.keep(target, this::changed);
    boolean late;
    synchronized (this) {
      kept = Optional.of(path);
      late = removed;
    }
    if (late) {
      path.remove();
    }
  }

  /** Looked at later: the teller may hold a lock. */
  private void changed(PathStatus now) {
    status = Optional.of(now);
    vertx.runOnContext(v -> look());
  }

  /** Who is there, as far as is known; another node than the one that must be there is nobody. */
  Optional<NodeId> node() {
    return remote.node().or(() -> status.flatMap(PathStatus::node)).or(member);
  }

  /** Why another node than the one that must be there is. */
  Optional<String> denied() {
    return status.filter(s -> s.fault() == Fault.DENIED).map(PathStatus::reason);
  }

  void remove() {
    Optional<Paths.Kept> path;
    synchronized (this) {
      removed = true;
      path = kept;
    }
    path.ifPresent(Paths.Kept::remove);
  }

  /** Looks how it stands, and connects if need be. */
  synchronized void look() {
    if (removed) {
      return;
    }
    Optional<NodeId> node = node();
    Optional<WayState> way =
        denied().isPresent() ? Optional.empty() : node.flatMap(n -> dial.pipeWay(n.value()));
    if (way.isPresent()) {
      reached(node, way.get());
      return;
    }
    long now = System.nanoTime();
    if (!path.isEmpty()) {
      path = "";
      since = now;
      lost("the connection was lost");
      events.trying(remote.at());
    } else if (now - since > remote.timeout().toNanos()) {
      lost(reason());
    }
    if (node.isPresent() && !connecting && now - nextTry >= 0) {
      connecting = true;
      dial.connectForPipes(node.get().value()).onComplete(this::tried);
    }
  }

  /** Again if there is another reason: of the path, more may be known later. */
  private void lost(String why) {
    if (!why.equals(lost)) {
      lost = why;
      events.lost(remote.at(), why);
    }
  }

  /** What is known of the path says more than what is known of the dialling. */
  private String reason() {
    return status
        .map(PathStatus::reason)
        .filter(why -> denied().isPresent() || (!why.isEmpty() && node().isEmpty()))
        .orElse(reason);
  }

  private void reached(Optional<NodeId> node, WayState way) {
    lost = "";
    retries.succeeded();
    String now =
        way.path() != null
            ? remote.nat() ? "punched" : "udp"
            : way.reason() == null ? way.kind() : way.kind() + ": " + way.reason();
    if (!now.equals(path)) {
      path = now;
      events.reached(remote.at(), node, path);
    }
  }

  private void tried(AsyncResult<WayState> done) {
    synchronized (this) {
      connecting = false;
      if (done.failed()) {
        reason = done.cause().getMessage();
        nextTry = System.nanoTime() + retries.failed().toNanos();
      }
    }
    look();
  }
}

package dev.weft.proxy.quic;

import dev.weft.dial.NodeDial;
import dev.weft.dial.WayState;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.Remote;
import dev.weft.room.Backoff;
import io.vertx.core.AsyncResult;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Supplier;

/** One node that a proxy wants to reach. Any thread may call. */
final class SoughtNode {
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

  /** Whether the proxy was told that it is lost. */
  private boolean lost;

  /** What the proxy was told; empty while it is not reached. */
  private String path = "";

  private String reason = "no node was heard there";

  /**
   * @param member finds the member that is at the address
   */
  SoughtNode(
      Remote remote, NodeDial dial, Supplier<Optional<NodeId>> member, Carrier.Events events) {
    this.remote = remote;
    this.dial = dial;
    this.member = member;
    this.events = events;
  }

  /** Who is there, as far as is known. */
  Optional<NodeId> node() {
    return remote.node().or(member);
  }

  synchronized void remove() {
    removed = true;
  }

  /** Looks how it stands, and connects if need be. */
  synchronized void look() {
    if (removed) {
      return;
    }
    Optional<NodeId> node = node();
    Optional<WayState> way = node.flatMap(n -> dial.pipeWay(n.value()));
    if (way.isPresent()) {
      reached(node, way.get());
      return;
    }
    long now = System.nanoTime();
    if (!path.isEmpty()) {
      path = "";
      since = now;
      lost = true;
      events.lost(remote.at(), "the connection was lost");
      events.trying(remote.at());
    } else if (!lost && now - since > remote.timeout().toNanos()) {
      lost = true;
      events.lost(remote.at(), reason);
    }
    if (node.isPresent() && !connecting && now - nextTry >= 0) {
      connecting = true;
      dial.connectForPipes(node.get().value()).onComplete(this::tried);
    }
  }

  private void reached(Optional<NodeId> node, WayState way) {
    lost = false;
    retries.succeeded();
    String now = way.reason() == null ? way.kind() : way.kind() + ": " + way.reason();
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

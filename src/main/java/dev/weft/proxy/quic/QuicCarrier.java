package dev.weft.proxy.quic;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.dial.Dial;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.Remote;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The nodes that one proxy wants to reach: looks twice a second whether they are. */
final class QuicCarrier implements Carrier {
  private static final long LOOK_MILLIS = 500;

  private final Vertx vertx;
  private final Dial dial;
  private final NodePaths paths;
  private final Events events;
  private final Runnable closed;
  private final long timer;
  private final Map<HostPort, Sought> all = new ConcurrentHashMap<>();

  /** A node that is wanted, and since when it is not reached, nanoseconds. */
  private static final class Sought {
    private final Remote remote;
    private long since = System.nanoTime();
    private String path = "";
    private Optional<NodeId> node = Optional.empty();

    /** Whether the proxy was told that it is lost, and that it is sought again. */
    private boolean lost;

    Sought(Remote remote) {
      this.remote = remote;
    }
  }

  /**
   * @param closed runs when this is closed
   */
  QuicCarrier(Vertx vertx, Dial dial, NodePaths paths, Events events, Runnable closed) {
    this.vertx = vertx;
    this.dial = dial;
    this.paths = paths;
    this.events = events;
    this.closed = closed;
    this.timer = vertx.setPeriodic(LOOK_MILLIS, id -> all.values().forEach(this::look));
  }

  @Override
  public int port() {
    return paths.port();
  }

  @Override
  public void add(Remote remote) {
    Sought sought = new Sought(remote);
    if (all.putIfAbsent(remote.at(), sought) == null) {
      paths.add(remote);
      events.trying(remote.at());
      look(sought);
    }
  }

  private void look(Sought sought) {
    synchronized (sought) {
      HostPort at = sought.remote.at();
      Optional<NodeId> proved = paths.nodeAt(at);
      Optional<NodeId> wanted = sought.remote.node();
      boolean another = proved.isPresent() && wanted.isPresent() && !proved.equals(wanted);
      Optional<NodeId> node = wanted.or(() -> proved);
      Optional<String> path = another ? Optional.empty() : node.flatMap(paths::path);
      if (path.isPresent()) {
        sought.since = System.nanoTime();
        sought.lost = false;
        if (!path.get().equals(sought.path) || !node.equals(sought.node)) {
          sought.path = path.get();
          sought.node = node;
          events.reached(at, node, sought.path);
        }
        return;
      }
      String why =
          another
              ? "node %s answers (expected: %s)".formatted(proved.get(), wanted.get())
              : paths.reason(at);
      if (!sought.path.isEmpty()) {
        sought.path = "";
        sought.lost = true;
        sought.since = System.nanoTime();
        events.lost(at, why);
        events.trying(at);
      } else if (!sought.lost
          && System.nanoTime() - sought.since > sought.remote.timeout().toNanos()) {
        sought.lost = true;
        events.lost(at, why);
      }
    }
  }

  @Override
  public void remove(HostPort at) {
    if (all.remove(at) != null) {
      paths.remove(at);
    }
  }

  @Override
  public Future<Pipe> connect(Remote remote) {
    Optional<NodeId> proved = paths.nodeAt(remote.at());
    if (proved.isPresent() && remote.node().filter(n -> !proved.get().equals(n)).isPresent()) {
      return Future.failedFuture(
          Fault.DENIED.because(
              "node %s answers at %s (expected: %s)"
                  .formatted(proved.get(), remote.at(), remote.node().get())));
    }
    return remote
        .node()
        .or(() -> proved)
        .map(this::connect)
        .orElseGet(() -> Future.failedFuture(Fault.UNAVAILABLE.because(paths.reason(remote.at()))));
  }

  @Override
  public Future<Pipe> connect(NodeId node) {
    return dial.pipe(node.value(), QuicTransport.SERVICE);
  }

  @Override
  public Future<Void> close() {
    vertx.cancelTimer(timer);
    closed.run();
    all.keySet().forEach(this::remove);
    return Future.succeededFuture();
  }
}

package dev.weft.proxy.quic;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.dial.NodeDial;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.Remote;
import dev.weft.reach.path.Paths;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** The nodes that one proxy wants to reach: connects to each, and again when that is lost. */
final class QuicCarrier implements Carrier {
  private static final long LOOK_MILLIS = 250;

  private final Vertx vertx;
  private final NodeDial dial;
  private final Function<HostPort, Optional<NodeId>> members;
  private final Supplier<Optional<Paths>> paths;
  private final Events events;
  private final Runnable closed;
  private final long timer;
  private final Map<HostPort, SoughtNode> all = new ConcurrentHashMap<>();

  /**
   * @param members finds the member whose UDP port an address is
   * @param paths by UDP; empty if this node has no port for them
   * @param closed runs when this is closed
   */
  QuicCarrier(
      Vertx vertx,
      NodeDial dial,
      Function<HostPort, Optional<NodeId>> members,
      Supplier<Optional<Paths>> paths,
      Events events,
      Runnable closed) {
    this.vertx = vertx;
    this.dial = dial;
    this.members = members;
    this.paths = paths;
    this.events = events;
    this.closed = closed;
    this.timer = vertx.setPeriodic(LOOK_MILLIS, id -> all.values().forEach(SoughtNode::look));
  }

  @Override
  public int port() {
    return 0;
  }

  @Override
  public void add(Remote remote) {
    SoughtNode sought =
        new SoughtNode(vertx, remote, dial, () -> members.apply(remote.at()), events);
    if (all.putIfAbsent(remote.at(), sought) == null) {
      events.trying(remote.at());
      paths.get().ifPresent(sought::seek);
      sought.look();
    }
  }

  @Override
  public void remove(HostPort at) {
    SoughtNode sought = all.remove(at);
    if (sought != null) {
      sought.remove();
    }
  }

  @Override
  public Future<Pipe> connect(Remote remote) {
    Optional<SoughtNode> sought = Optional.ofNullable(all.get(remote.at()));
    Optional<String> denied = sought.flatMap(SoughtNode::denied);
    if (denied.isPresent()) {
      return Future.failedFuture(Fault.DENIED.because(denied.get()));
    }
    Optional<NodeId> node = sought.flatMap(SoughtNode::node).or(remote::node);
    if (node.isEmpty()) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("no node is known at " + remote.at() + " yet"));
    }
    if (remote.node().filter(wanted -> !node.get().equals(wanted)).isPresent()) {
      return Future.failedFuture(
          Fault.DENIED.because(
              "node %s is at %s (expected: %s)"
                  .formatted(node.get(), remote.at(), remote.node().get())));
    }
    return connect(node.get());
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

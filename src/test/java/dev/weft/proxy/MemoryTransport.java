package dev.weft.proxy;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.ProxyTransport;
import dev.weft.proxy.carrier.Remote;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.Listener;
import dev.weft.rpc.Loop;
import dev.weft.rpc.MemoryConnection;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A transport between the proxies of one process: which nodes are where is up to the test. */
final class MemoryTransport implements ProxyTransport {
  private final Loop here;
  private final Loop there;
  private final NodeId self;
  private final GrpcListener listener;
  private final Map<HostPort, NodeId> nodes = new ConcurrentHashMap<>();
  private final Map<HostPort, Carrier.Events> sought = new ConcurrentHashMap<>();
  private volatile Carrier.Events taker;

  /** How often it was opened. */
  final AtomicInteger openings = new AtomicInteger();

  /** Whether nobody answers who is connected to. */
  volatile boolean silent;

  MemoryTransport(Vertx vertx, NodeId self) {
    this.here = Loop.of(vertx);
    this.there = Loop.of(vertx);
    this.self = self;
    this.listener = new GrpcListener(vertx);
    listener.pipe(
        "app",
        Set.of(Listener.MEMBERS),
        (caller, pipe) -> taker.arrived(new NodeId(caller.node()), pipe));
  }

  /** A node is at an address from now on. */
  void put(HostPort at, NodeId node) {
    nodes.put(at, node);
    Optional.ofNullable(sought.get(at))
        .ifPresent(events -> events.reached(at, Optional.of(node), "memory"));
  }

  /** The node there is gone. */
  void lose(HostPort at, String reason) {
    nodes.remove(at);
    Optional.ofNullable(sought.get(at)).ifPresent(events -> events.lost(at, reason));
  }

  boolean seeks(HostPort at) {
    return sought.containsKey(at);
  }

  @Override
  public String name() {
    return "quic";
  }

  @Override
  public Future<Carrier> open(HostPort local, boolean reverse, Carrier.Events events) {
    openings.incrementAndGet();
    if (reverse) {
      taker = events;
    }
    return Future.succeededFuture(new Memory(events));
  }

  private final class Memory implements Carrier {
    private final Events events;

    Memory(Events events) {
      this.events = events;
    }

    @Override
    public int port() {
      return 7;
    }

    @Override
    public void add(Remote remote) {
      sought.put(remote.at(), events);
      events.trying(remote.at());
      Optional.ofNullable(nodes.get(remote.at())).ifPresent(node -> put(remote.at(), node));
    }

    @Override
    public void remove(HostPort at) {
      sought.remove(at);
    }

    @Override
    public Future<Pipe> connect(Remote remote) {
      NodeId node = nodes.get(remote.at());
      if (node == null) {
        return Future.failedFuture(Fault.UNAVAILABLE.because("nobody is there"));
      }
      if (remote.node().filter(n -> !n.equals(node)).isPresent()) {
        return Future.failedFuture(Fault.DENIED.because("node " + node + " answers"));
      }
      return connect(node);
    }

    @Override
    public Future<Pipe> connect(NodeId node) {
      return silent
          ? Promise.<Pipe>promise().future()
          : new MemoryConnection(listener, Caller.member(self.value(), "memory"), here, there)
              .pipe("app");
    }

    @Override
    public Future<Void> close() {
      sought.clear();
      return Future.succeededFuture();
    }
  }
}

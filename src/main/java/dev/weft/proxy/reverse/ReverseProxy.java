package dev.weft.proxy.reverse;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Tunnel;
import dev.weft.proxy.track.Tracked;
import dev.weft.proxy.track.TrackedSide;
import dev.weft.proxy.track.TrackedStream;
import dev.weft.rpc.Loop;
import dev.weft.rpc.Pipe;
import dev.weft.rpc.socket.LocalSockets;
import dev.weft.rpc.socket.PipeTraffic;
import dev.weft.rpc.socket.SocketPump;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Connects nodes that come with the server. Pipes are served on the loops on which they come. */
public final class ReverseProxy {
  /** Connections at most. */
  static final int MOST = 10_000;

  /** Which the server has to accept; a forward proxy waits a little longer. */
  private static final int CONNECT_MILLIS = 5000;

  /**
   * What a reverse proxy does.
   *
   * @param target the server
   * @param allow ids of the nodes that may connect; empty for all
   */
  public record Settings(StreamAddress target, List<String> allow) {
    boolean allows(NodeId node) {
      return allow.isEmpty() || allow.contains(node.value());
    }

    boolean stillServes(Served pipe) {
      return allows(pipe.from) && target.equals(pipe.target);
    }
  }

  /** Who is connected with what. */
  private record Served(NodeId from, StreamAddress target) {}

  private final Vertx vertx;
  private final Loop home;
  private final TrackedSide side;
  private final PipeTraffic traffic;
  private final Set<SocketPump> open = ConcurrentHashMap.newKeySet();
  private final Map<SocketPump, Served> served = new ConcurrentHashMap<>();
  private volatile Settings settings;
  private volatile boolean closed;

  /**
   * @param home the side's loop
   */
  public ReverseProxy(
      Vertx vertx, Loop home, Settings settings, TrackedSide side, PipeTraffic traffic) {
    this.vertx = vertx;
    this.home = home;
    this.settings = settings;
    this.side = side;
    this.traffic = traffic;
  }

  public Settings settings() {
    return settings;
  }

  /**
   * Takes connections from now on.
   *
   * @param local where its socket for uTP is bound
   */
  public Future<Void> open(HostPort local) {
    return side.open(local, this::arrived);
  }

  /** Serves by these settings from now on, and breaks off what they would not serve. */
  public void change(Settings next) {
    settings = next;
    served.forEach(
        (pump, pipe) -> {
          if (!next.stillServes(pipe)) {
            pump.breakOff("the reverse proxy serves another target or other nodes now");
          }
        });
  }

  private void arrived(NodeId from, Pipe pipe) {
    serve(from, Tunnel.accept(pipe));
  }

  private void serve(NodeId from, Tunnel tunnel) {
    Settings now = settings;
    if (closed) {
      tunnel.refuse(Fault.UNAVAILABLE, "the reverse proxy is stopping");
    } else if (!now.allows(from)) {
      tunnel.refuse(Fault.DENIED, "node " + from + " may not connect here");
    } else if (open.size() >= MOST) {
      tunnel.refuse(Fault.EXHAUSTED, "the reverse proxy has " + MOST + " connections");
    } else {
      connect(new Served(from, now.target()), tunnel);
    }
  }

  private void connect(Served pipe, Tunnel tunnel) {
    StreamAddress target = pipe.target();
    Future<SocketPump> connecting =
        new LocalSockets(vertx, Loop.current(vertx))
            .connect(target, () -> new SocketPump(traffic, open));
    connecting
        .timeout(CONNECT_MILLIS, TimeUnit.MILLISECONDS)
        .onSuccess(pump -> connected(pipe, tunnel, pump))
        .onFailure(
            e -> {
              boolean late = e instanceof TimeoutException;
              if (late) {
                connecting.onSuccess(pump -> pump.breakOff("too late"));
              }
              if (!closed && !settings.target().equals(target)) {
                serve(pipe.from(), tunnel);
                return;
              }
              String why = late ? target + ": no connection in time" : e.getMessage();
              traffic.failed(why);
              tunnel.refuse(late ? Fault.TIMEOUT : WeftException.of(e).fault(), why);
            });
  }

  private void connected(Served pipe, Tunnel tunnel, SocketPump pump) {
    if (closed) {
      pump.breakOff("the reverse proxy is stopping");
      tunnel.refuse(Fault.UNAVAILABLE, "the reverse proxy is stopping");
      return;
    }
    // Before the settings are looked at: a change looks at this after it has set its own.
    served.put(pump, pipe);
    pump.closed().onComplete(done -> served.remove(pump));
    if (!settings.stillServes(pipe)) {
      pump.breakOff("the reverse proxy serves another target or other nodes now");
      serve(pipe.from(), tunnel);
      return;
    }
    tunnel.ready();
    pump.begin(tunnel);
    home.run(() -> track(pipe.from(), pump));
  }

  /** A stream of a node that was added ends with its connection. */
  private void track(NodeId from, SocketPump pump) {
    Optional<Tracked> tracked = side.tracker().find(from).filter(t -> t.state().standing());
    tracked.ifPresent(
        t -> {
          TrackedStream stream = pump::breakOff;
          t.opened(stream);
          pump.closed().onComplete(done -> home.run(() -> t.ended(stream)));
        });
  }

  /** Takes no more, and breaks off all connections. */
  public Future<Void> close() {
    closed = true;
    Set.copyOf(open).forEach(pump -> pump.breakOff("the reverse proxy was stopped"));
    return home.call(side::close);
  }
}

package dev.weft.mesh.gate;

import dev.weft.bus.Fault;
import dev.weft.config.ServiceConfig;
import dev.weft.mesh.stream.MeshSocket;
import dev.weft.rpc.Loop;
import dev.weft.rpc.socket.LocalSockets;
import dev.weft.rpc.socket.PipeTraffic;
import dev.weft.rpc.socket.SocketPump;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A server of this host that is offered to the mesh: dials it for each connection. */
final class LocalExport {
  /** Connections at most. */
  static final int MOST = 10_000;

  /** A client waits for its service no longer than a second more. */
  private static final int SECONDS = 4;

  private final ServiceConfig service;
  private final GateOrigin origin;
  private final Loop loop;
  private final LocalSockets sockets;
  private final PipeTraffic traffic;
  private final Set<SocketPump> open = new HashSet<>();
  private boolean closed;

  LocalExport(
      ServiceConfig service,
      GateOrigin origin,
      Loop loop,
      LocalSockets sockets,
      PipeTraffic traffic) {
    this.service = service;
    this.origin = origin;
    this.loop = loop;
    this.sockets = sockets;
    this.traffic = traffic;
  }

  ServiceConfig service() {
    return service;
  }

  GateOrigin origin() {
    return origin;
  }

  PipeTraffic traffic() {
    return traffic;
  }

  /**
   * Connects one end of a mesh socket with the server; fails with the reason, for the other end's
   * client.
   */
  Future<Void> connect(MeshSocket end) {
    if (closed || open.size() >= MOST) {
      String why = closed ? "withdrawn" : "has " + MOST + " connections";
      return Future.failedFuture(Fault.EXHAUSTED.because("service " + service.name() + ": " + why));
    }
    Promise<Void> connected = Promise.promise();
    ScheduledFuture<?> deadline =
        loop.netty()
            .schedule(
                () ->
                    fail(connected, service.target() + ": no connection within " + SECONDS + " s"),
                SECONDS,
                TimeUnit.SECONDS);
    sockets
        .connect(service.target(), () -> new SocketPump(traffic, open))
        .onComplete(
            done -> {
              deadline.cancel(false);
              if (done.failed()) {
                fail(connected, done.cause().getMessage());
              } else if (closed || connected.future().isComplete()) {
                done.result().breakOff("service withdrawn, or too late");
                fail(connected, "service " + service.name() + ": withdrawn");
              } else {
                done.result().begin(new MeshEnd(end));
                connected.tryComplete();
              }
            });
    return connected.future().onFailure(e -> end.close(e.getMessage()));
  }

  private void fail(Promise<Void> connected, String why) {
    if (connected.tryFail(Fault.UNAVAILABLE.because(why))) {
      traffic.failed(why);
    }
  }

  /** Breaks off all connections; makes no more. */
  void close() {
    closed = true;
    Set.copyOf(open).forEach(pump -> pump.breakOff("service withdrawn"));
  }

  MeshExport row() {
    return new MeshExport(
        service.name(),
        service.target().toString(),
        service.allow(),
        GateState.of(origin, traffic));
  }
}

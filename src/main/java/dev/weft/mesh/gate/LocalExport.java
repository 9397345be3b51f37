package dev.weft.mesh.gate;

import dev.weft.bus.Fault;
import dev.weft.config.ServiceConfig;
import dev.weft.mesh.stream.MeshSocket;
import io.vertx.core.Future;
import java.util.HashSet;
import java.util.Set;

/** A server of this host that is offered to the mesh: dials it for each connection. */
final class LocalExport {
  /** Connections at most. */
  static final int MOST = 10_000;

  private final ServiceConfig service;
  private final GateOrigin origin;
  private final LocalSockets sockets;
  private final GateTraffic traffic;
  private final Set<SocketPump> open = new HashSet<>();
  private boolean closed;

  LocalExport(ServiceConfig service, GateOrigin origin, LocalSockets sockets, GateTraffic traffic) {
    this.service = service;
    this.origin = origin;
    this.sockets = sockets;
    this.traffic = traffic;
  }

  ServiceConfig service() {
    return service;
  }

  GateOrigin origin() {
    return origin;
  }

  GateTraffic traffic() {
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
    return sockets
        .connect(service.target(), () -> new SocketPump(traffic, open))
        .onFailure(e -> traffic.failed(e.getMessage()))
        .map(
            pump -> {
              if (closed) {
                pump.breakOff("service withdrawn");
              }
              pump.begin(end);
              return null;
            });
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
        origin.word(),
        traffic.state(),
        traffic.reason(),
        traffic.open(),
        traffic.made(),
        traffic.failures(),
        traffic.sentBytes(),
        traffic.receivedBytes());
  }
}

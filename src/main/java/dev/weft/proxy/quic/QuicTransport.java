package dev.weft.proxy.quic;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.dial.NodeDial;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.ProxyTransport;
import dev.weft.proxy.carrier.Tunnel;
import dev.weft.reach.path.Paths;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.Listener;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Pipes to service {@value #SERVICE} of other nodes, and from them to that of this one. */
public final class QuicTransport implements ProxyTransport {
  static final String SERVICE = "app";

  private final Vertx vertx;
  private final NodeDial dial;
  private final Function<HostPort, Optional<NodeId>> members;

  /** Empty until the node has a UDP port. */
  private volatile Optional<Paths> paths = Optional.empty();

  /** Who takes the pipes that come; empty while no reverse proxy runs. */
  private volatile Optional<Carrier.Events> taker = Optional.empty();

  /**
   * @param listener by which other nodes come; not open yet
   * @param members finds the member whose UDP port an address is
   */
  public QuicTransport(
      Vertx vertx,
      NodeDial dial,
      GrpcListener listener,
      Function<HostPort, Optional<NodeId>> members) {
    this.vertx = vertx;
    this.dial = dial;
    this.members = members;
    listener.pipe(SERVICE, Set.of(Listener.MEMBERS), this::arrived);
  }

  /** Nodes are reached by these paths too, from now on. */
  public void through(Paths opened) {
    paths = Optional.of(opened);
  }

  private void arrived(Caller from, Pipe pipe) {
    taker.ifPresentOrElse(
        events -> events.arrived(new NodeId(from.node()), pipe),
        () -> Tunnel.accept(pipe).refuse(Fault.NOT_FOUND, "this node has no reverse proxy"));
  }

  @Override
  public String name() {
    return "quic";
  }

  /** Needs no socket of its own. */
  @Override
  public Future<Carrier> open(HostPort local, boolean reverse, Carrier.Events events) {
    if (reverse) {
      taker = Optional.of(events);
    }
    Runnable closed = () -> taker = reverse ? Optional.empty() : taker;
    return Future.succeededFuture(
        new QuicCarrier(vertx, dial, members, () -> paths, events, closed));
  }
}

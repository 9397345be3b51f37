package dev.weft.nsm.peer;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.nsm.Calls;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.endpoint.Externals;
import dev.weft.nsm.proto.ConnectionEnd;
import dev.weft.nsm.proto.ConnectionEnded;
import dev.weft.room.RoomThread;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import io.vertx.core.Future;
import java.util.Set;
import java.util.function.BiFunction;

/** Serves the calls of other nodes, of this mesh and of others, on the room's event loop. */
public final class PeerServer {
  private static final Set<Listener> NODES = Set.of(Listener.MEMBERS, Listener.EXTERNAL);

  private final RoomThread thread;
  private final String self;
  private final Connections connections;
  private final EndpointSide endpointSide;
  private final LeaseExchange leases;
  private final EndHandler ended;
  private final Externals externals;

  public PeerServer(
      RoomThread thread,
      String self,
      Connections connections,
      EndpointSide endpointSide,
      LeaseExchange leases,
      EndHandler ended,
      Externals externals) {
    this.thread = thread;
    this.self = self;
    this.connections = connections;
    this.endpointSide = endpointSide;
    this.leases = leases;
    this.ended = ended;
    this.externals = externals;
  }

  /** Handles connections whose other half ended. */
  public interface EndHandler {
    void onEnded(ConnectionEntry connection, String reason, boolean heal);
  }

  public void addTo(GrpcListener listener) {
    serve(listener, Calls.PROXY, endpointSide::onProxy);
    serve(
        listener,
        Calls.RENEW,
        (caller, renewal) ->
            Future.succeededFuture(leases.onRenew(caller, renewal, endpointSide::isInProgress)));
    serve(listener, Calls.END, this::onEnd);
  }

  /** Serves what members ask about hops of chains. */
  public void addTo(GrpcListener listener, HopPeers.HopNode hops) {
    serveMembers(listener, Calls.EXTEND, hops::extend);
    serveMembers(listener, Calls.ROUTE, hops::route);
    serveMembers(listener, Calls.TELL, hops::tell);
    serveMembers(listener, Calls.DROP, hops::drop);
  }

  private <Q extends Message, R extends Message> void serveMembers(
      GrpcListener listener, GrpcMethod<Q, R> method, BiFunction<String, Q, Future<R>> handler) {
    listener.serve(
        method,
        Set.of(Listener.MEMBERS),
        (caller, request) -> thread.call(() -> handler.apply(caller.node(), request)));
  }

  private <Q extends Message, R extends Message> void serve(
      GrpcListener listener, GrpcMethod<Q, R> method, BiFunction<Caller, Q, Future<R>> handler) {
    listener.serve(
        method,
        NODES,
        (caller, request) ->
            thread.call(
                () -> {
                  externals.heard(caller);
                  return handler.apply(caller, request);
                }));
  }

  private Future<ConnectionEnded> onEnd(Caller caller, ConnectionEnd end) {
    connections
        .find(end.getConnectionId())
        .ifPresent(
            entry -> {
              Connection c = entry.connection();
              boolean other =
                  (c.clientAt(caller.node()) || c.endpointAt(caller.node()))
                      && !caller.node().equals(self);
              if (!other) {
                throw Fault.DENIED.because("connection " + c.id() + " has no end at " + caller);
              }
              ended.onEnded(entry, end.getReason(), end.getHeal());
            });
    return Future.succeededFuture(ConnectionEnded.getDefaultInstance());
  }
}

package dev.weft.nsm.peer;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.nsm.Calls;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.endpoint.Externals;
import dev.weft.nsm.proto.ConnectionEnd;
import dev.weft.nsm.proto.ConnectionEnded;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Set;
import java.util.function.BiFunction;

/** What other nodes ask, of this mesh and of those outside, brought to the room's event loop. */
public final class PeerService {
  private static final Set<Listener> NODES = Set.of(Listener.MEMBERS, Listener.EXTERNAL);

  private final Context context;
  private final String self;
  private final Connections connections;
  private final EndpointSide provider;
  private final ConnectionAudit leases;
  private final EndHandler ended;
  private final Externals externals;

  public PeerService(
      Context context,
      String self,
      Connections connections,
      EndpointSide provider,
      ConnectionAudit leases,
      EndHandler ended,
      Externals externals) {
    this.context = context;
    this.self = self;
    this.connections = connections;
    this.provider = provider;
    this.leases = leases;
    this.ended = ended;
    this.externals = externals;
  }

  /** What becomes of a connection whose other half ended. */
  public interface EndHandler {
    void onEnded(ConnectionEntry connection, String reason, boolean heal);
  }

  public void addTo(GrpcListener ingress) {
    serve(ingress, Calls.PROXY, provider::onProxy);
    serve(
        ingress,
        Calls.RENEW,
        (caller, renewal) ->
            Future.succeededFuture(leases.onRenew(caller, renewal, provider::isInProgress)));
    serve(ingress, Calls.END, this::onEnd);
  }

  private <Q extends Message, R extends Message> void serve(
      GrpcListener ingress, GrpcMethod<Q, R> method, BiFunction<Caller, Q, Future<R>> handler) {
    ingress.serve(
        method,
        NODES,
        (caller, request) -> {
          Promise<R> answer = Promise.promise();
          context.runOnContext(
              v -> {
                try {
                  externals.heard(caller);
                  handler.apply(caller, request).onComplete(answer);
                } catch (RuntimeException e) {
                  answer.fail(WeftException.of(e));
                }
              });
          return answer.future();
        });
  }

  private Future<ConnectionEnded> onEnd(Caller caller, ConnectionEnd end) {
    connections
        .find(end.getConnectionId())
        .ifPresent(
            held -> {
              Connection c = held.connection();
              boolean other =
                  (c.clientAt(caller.node()) || c.endpointAt(caller.node()))
                      && !caller.node().equals(self);
              if (!other) {
                throw Fault.DENIED.because("connection " + c.id() + " has no end at " + caller);
              }
              ended.onEnded(held, end.getReason(), end.getHeal());
            });
    return Future.succeededFuture(ConnectionEnded.getDefaultInstance());
  }
}

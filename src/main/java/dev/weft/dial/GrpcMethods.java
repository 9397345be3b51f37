package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcProtocol;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/** The unary methods of a listener, each handed its caller. */
final class GrpcMethods<C> {
  private final long maxMessage;
  private final Function<GrpcServerRequest<?, ?>, Future<C>> callerOf;
  private final Map<String, Consumer<GrpcServer>> methods = new LinkedHashMap<>();

  /**
   * @param maxMessage bytes of a request
   * @param callerOf who makes a call; its failure is the call's
   */
  GrpcMethods(long maxMessage, Function<GrpcServerRequest<?, ?>, Future<C>> callerOf) {
    this.maxMessage = maxMessage;
    this.callerOf = callerOf;
  }

  /** Serves a method; a failed future becomes its gRPC status. */
  <Q extends Message, R extends Message> void add(
      GrpcMethod<Q, R> method, BiFunction<C, Q, Future<R>> handler) {
    ServiceMethod<Q, R> serviceMethod =
        ServiceMethod.server(
            ServiceName.create(method.service().getFullName()),
            method.name(),
            GrpcMessageEncoder.encoder(),
            GrpcMessageDecoder.decoder(method.request()));
    methods.put(
        method.path(),
        server ->
            server.callHandler(
                serviceMethod,
                call ->
                    call.last()
                        .compose(
                            request -> callerOf.apply(call).compose(c -> handler.apply(c, request)))
                        .onSuccess(answer -> call.response().end(answer))
                        .onFailure(e -> refuse(call, WeftException.of(e)))));
  }

  /** A request handler that serves them, as gRPC over HTTP/2 only. */
  GrpcServer server(Vertx vertx) {
    GrpcServerOptions options = new GrpcServerOptions().setMaxMessageSize(maxMessage);
    for (GrpcProtocol protocol : GrpcProtocol.values()) {
      if (protocol != GrpcProtocol.HTTP_2) {
        options.removeEnabledProtocol(protocol);
      }
    }
    GrpcServer server = GrpcServer.server(vertx, options);
    methods.values().forEach(method -> method.accept(server));
    return server;
  }

  private static void refuse(GrpcServerRequest<?, ?> call, WeftException e) {
    call.response()
        .status(GrpcStatus.valueOf(e.fault().grpcStatus()))
        .statusMessage(e.getMessage())
        .end();
  }
}

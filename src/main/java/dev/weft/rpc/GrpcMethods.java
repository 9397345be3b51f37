package dev.weft.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.Message;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.health.HealthService;
import io.vertx.grpc.server.GrpcProtocol;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The unary methods of listeners, each handed its caller, with the standard health and reflection
 * services.
 */
public final class GrpcMethods<C> {
  private final long maxMessage;
  private final Map<String, BiConsumer<GrpcServer, Function<GrpcServerRequest<?, ?>, C>>> methods =
      new LinkedHashMap<>();
  private final Set<ServiceDescriptor> services = new LinkedHashSet<>();

  /**
   * @param maxMessage bytes of a request
   */
  public GrpcMethods(long maxMessage) {
    this.maxMessage = maxMessage;
  }

  /** Serves a method; a failed future becomes its gRPC status. */
  public <Q extends Message, R extends Message> void add(
      GrpcMethod<Q, R> method, BiFunction<C, Q, Future<R>> handler) {
    ServiceMethod<Q, R> serviceMethod =
        ServiceMethod.server(
            ServiceName.create(method.service().getFullName()),
            method.name(),
            GrpcMessageEncoder.encoder(),
            GrpcMessageDecoder.decoder(method.request()));
    name(method.service());
    methods.put(
        method.path(),
        (server, callerOf) ->
            server.callHandler(
                serviceMethod,
                call ->
                    call.last()
                        .compose(request -> handler.apply(callerOf.apply(call), request))
                        .onSuccess(answer -> call.response().end(answer))
                        .onFailure(e -> refuse(call, WeftException.of(e)))));
  }

  /** Names a service in health and reflection. */
  public void name(ServiceDescriptor service) {
    services.add(service);
  }

  /**
   * A request handler that serves them, as gRPC over HTTP/2 only.
   *
   * @param standard whether health and reflection are served besides
   * @param callerOf who makes a call; what it throws becomes the call's status
   */
  public GrpcServer server(
      Vertx vertx, boolean standard, Function<GrpcServerRequest<?, ?>, C> callerOf) {
    GrpcServerOptions options = new GrpcServerOptions().setMaxMessageSize(maxMessage);
    for (GrpcProtocol protocol : GrpcProtocol.values()) {
      if (protocol != GrpcProtocol.HTTP_2) {
        options.removeEnabledProtocol(protocol);
      }
    }
    GrpcServer server = GrpcServer.server(vertx, options);
    methods.values().forEach(method -> method.accept(server, callerOf));
    if (standard) {
      server.addService(health(vertx));
      new Reflection(services).serve(server);
    }
    return server;
  }

  /** All services are served as long as the node stands; "" asks for the node as a whole. */
  private HealthService health(Vertx vertx) {
    HealthService health = HealthService.create(vertx);
    for (ServiceDescriptor service : services) {
      health.register(service.getFullName(), () -> Future.succeededFuture(true));
    }
    return health;
  }

  private static void refuse(GrpcServerRequest<?, ?> call, WeftException e) {
    call.response()
        .status(GrpcStatus.valueOf(e.fault().grpcStatus()))
        .statusMessage(e.getMessage())
        .end();
  }
}

package dev.weft.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.health.handler.GrpcHealthCheckV1Handler;
import io.vertx.grpc.health.handler.GrpcHealthListV1Handler;
import io.vertx.grpc.health.handler.GrpcHealthWatchV1Handler;
import io.vertx.grpc.server.GrpcProtocol;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The unary methods that listeners serve, and the standard health and reflection services. Each
 * method learns its caller.
 */
final class GrpcMethods<C> {
  private static final Logger log = LoggerFactory.getLogger(GrpcMethods.class);

  private final long maxMessage;
  private final Duration arrival;

  /** By service and method. */
  private final Map<String, Map<String, Unary<C>>> methods = new LinkedHashMap<>();

  /** Server-streaming ones, by service and method. */
  private final Map<String, Map<String, Streaming<C>>> streams = new LinkedHashMap<>();

  private final Set<ServiceDescriptor> services = new LinkedHashSet<>();

  /** Answers one message with one message, both without the gRPC prefix. */
  private interface Unary<C> {
    Future<Buffer> answer(C caller, Buffer message);
  }

  /** Begins the answers to a call that is whole. */
  private interface Streaming<C> {
    void begin(C caller, Buffer message, Supplier<ReplyStream<?>> replies)
        throws InvalidProtocolBufferException;
  }

  /**
   * @param maxMessage bytes of a request
   * @param arrival how long a request may take to arrive; TIMEOUT for one that crawls
   */
  GrpcMethods(long maxMessage, Duration arrival) {
    this.maxMessage = maxMessage;
    this.arrival = arrival;
  }

  /** Serves a method; a failed future becomes its gRPC status. */
  <Q extends Message, R extends Message> void add(
      GrpcMethod<Q, R> method, BiFunction<C, Q, Future<R>> handler) {
    name(method.service());
    methods
        .computeIfAbsent(method.service().getFullName(), service -> new LinkedHashMap<>())
        .put(method.name(), (caller, message) -> answer(method, handler, caller, message));
  }

  /** Serves a server-streaming method. */
  @SuppressWarnings("unchecked") // a stream of bytes takes the messages of any one type
  <Q extends Message, R extends Message> void addStream(
      GrpcMethod<Q, R> method, ReplyStream.Handler<C, Q, R> handler) {
    name(method.service());
    streams
        .computeIfAbsent(method.service().getFullName(), service -> new LinkedHashMap<>())
        .put(
            method.name(),
            (caller, message, replies) ->
                handler.begin(
                    caller,
                    method.parseRequest(message.getBytes()),
                    () -> (ReplyStream<R>) replies.get()));
  }

  private static <C, Q extends Message, R extends Message> Future<Buffer> answer(
      GrpcMethod<Q, R> method, BiFunction<C, Q, Future<R>> handler, C caller, Buffer message) {
    try {
      return handler
          .apply(caller, method.parseRequest(message.getBytes()))
          .map(answer -> Buffer.buffer(answer.toByteArray()));
    } catch (InvalidProtocolBufferException e) {
      return Future.failedFuture(Fault.INVALID.because(method.path() + ": " + e.getMessage(), e));
    } catch (RuntimeException e) {
      return Future.failedFuture(WeftException.of(e));
    }
  }

  /**
   * Answers a call that did not come in over HTTP/2; NOT_FOUND if there is no such method.
   *
   * @param message without its prefix, as is the answer
   */
  Future<Buffer> dispatch(C caller, String path, Buffer message) {
    int slash = path.lastIndexOf('/');
    Unary<C> method =
        slash < 1
            ? null
            : methods
                .getOrDefault(path.substring(1, slash), Map.of())
                .get(path.substring(slash + 1));
    return method == null
        ? Future.failedFuture(Fault.NOT_FOUND.because(path + " is not served here"))
        : method.answer(caller, message);
  }

  /** Lists a service in the health and reflection services. */
  void name(ServiceDescriptor service) {
    services.add(service);
  }

  /**
   * A request handler that serves the methods, as gRPC over HTTP/2 only.
   *
   * @param standard whether health and reflection are served too
   * @param callerOf finds who makes a call; what it throws becomes the call's status
   */
  GrpcServer server(Vertx vertx, boolean standard, Function<GrpcServerRequest<?, ?>, C> callerOf) {
    GrpcServerOptions options = new GrpcServerOptions().setMaxMessageSize(maxMessage);
    for (GrpcProtocol protocol : GrpcProtocol.values()) {
      if (protocol != GrpcProtocol.HTTP_2) {
        options.removeEnabledProtocol(protocol);
      }
    }
    GrpcServer server = GrpcServer.server(vertx, options);
    methods.forEach(
        (service, named) ->
            named.forEach((name, method) -> serve(server, service, name, method, callerOf)));
    streams.forEach(
        (service, named) ->
            named.forEach(
                (name, method) ->
                    handle(
                        server,
                        service,
                        name,
                        (call, message) ->
                            begin(vertx, method, callerOf.apply(call), call, message))));
    if (standard) {
      serveHealth(vertx, server);
      new Reflection(services).serve(server);
    }
    return server;
  }

  private void serve(
      GrpcServer server,
      String service,
      String name,
      Unary<C> method,
      Function<GrpcServerRequest<?, ?>, C> callerOf) {
    handle(
        server,
        service,
        name,
        (call, message) ->
            method
                .answer(callerOf.apply(call), message)
                .onSuccess(answer -> unlessOver(call, () -> call.response().end(answer)))
                .mapEmpty());
  }

  private static <C> Future<Void> begin(
      Vertx vertx,
      Streaming<C> method,
      C caller,
      GrpcServerRequest<Buffer, Buffer> call,
      Buffer message) {
    try {
      method.begin(caller, message, () -> new ReplyStream<>(vertx, call));
      return Future.succeededFuture();
    } catch (InvalidProtocolBufferException e) {
      return Future.failedFuture(
          Fault.INVALID.because(call.fullMethodName() + ": " + e.getMessage(), e));
    }
  }

  /**
   * Handles the calls of a method.
   *
   * @param handler takes each that is whole; what it fails with becomes the call's status
   */
  private void handle(
      GrpcServer server,
      String service,
      String name,
      BiFunction<GrpcServerRequest<Buffer, Buffer>, Buffer, Future<Void>> handler) {
    server.callHandler(
        ServiceMethod.server(
            ServiceName.create(service),
            name,
            GrpcMessageEncoder.IDENTITY,
            GrpcMessageDecoder.IDENTITY),
        call ->
            whole(call)
                .compose(message -> handler.apply(call, message))
                .onFailure(e -> unlessOver(call, () -> refuse(call, WeftException.of(e)))));
  }

  private Future<Buffer> whole(GrpcServerRequest<Buffer, Buffer> call) {
    return call.last()
        .timeout(arrival.toMillis(), TimeUnit.MILLISECONDS)
        .recover(
            e ->
                Future.failedFuture(
                    e instanceof TimeoutException
                        ? Fault.TIMEOUT.because(
                            "request: not whole within " + arrival.toMillis() + " ms")
                        : e));
  }

  /**
   * All services are healthy as long as the process runs; "" asks for the process as a whole. So
   * who watches one hears of it once: Vert.x would look again by a timer that never ends, and holds
   * what a closed listener served.
   */
  private void serveHealth(Vertx vertx, GrpcServer server) {
    Map<String, Supplier<Future<Boolean>>> checks = new HashMap<>();
    checks.put(
        GrpcHealthCheckV1Handler.SERVICE_METHOD.serviceName().fullyQualifiedName(),
        () -> Future.succeededFuture(true));
    for (ServiceDescriptor service : services) {
      checks.put(service.getFullName(), () -> Future.succeededFuture(true));
    }
    GrpcHealthWatchV1Handler watch = new GrpcHealthWatchV1Handler(vertx, server, checks);
    watch.close();
    server.callHandler(
        GrpcHealthCheckV1Handler.SERVICE_METHOD, new GrpcHealthCheckV1Handler(server, checks));
    server.callHandler(
        GrpcHealthListV1Handler.SERVICE_METHOD, new GrpcHealthListV1Handler(server, checks));
    server.callHandler(GrpcHealthWatchV1Handler.SERVICE_METHOD, watch);
  }

  /** The caller may have cancelled the call, and Vert.x ends one whose message is too long. */
  private static void unlessOver(GrpcServerRequest<?, ?> call, Runnable answer) {
    try {
      answer.run();
    } catch (IllegalStateException over) {
      log.debug("{}: not answered: {}", call.fullMethodName(), over.getMessage());
    }
  }

  private static void refuse(GrpcServerRequest<?, ?> call, WeftException e) {
    Grpc.status(call.response(), e);
    call.response().end();
  }
}

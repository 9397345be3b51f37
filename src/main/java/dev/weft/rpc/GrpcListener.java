package dev.weft.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.grpc.server.GrpcServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Serves gRPC: each method to the callers that may call it. Rooms add their methods before the
 * listeners are opened.
 */
public final class GrpcListener {
  /** Who may call a method that does not name its listeners. */
  private static final Set<Listener> TRUSTED = Set.of(Listener.LOCAL, Listener.MEMBERS);

  private static final int HTTP_VERSION_NOT_SUPPORTED = 505;

  /** Finds who is at the other end of a connection; a WeftException becomes the call's status. */
  public interface Callers {
    Caller of(HttpConnection connection, MultiMap headers);
  }

  private final Vertx vertx;
  private final GrpcMethods<Caller> unary = new GrpcMethods<>(Grpc.MAX_MESSAGE, Grpc.ARRIVAL);
  private final Map<String, Consumer<InStream>> streams = new HashMap<>();
  private final Map<String, PipeService> pipes = new ConcurrentHashMap<>();

  private record PipeService(Set<Listener> listeners, BiConsumer<Caller, Pipe> handler) {}

  private final Legs legs;
  private final Queue<HttpServer> servers = new ConcurrentLinkedQueue<>();
  private List<Loop> loops = List.of();

  public GrpcListener(Vertx vertx) {
    this.vertx = vertx;
    this.legs = new Legs((delay, work) -> vertx.setTimer(delay.toMillis(), id -> work.run()));
  }

  /**
   * Serves a unary method to programs of this host and members; a failed future becomes its gRPC
   * status.
   */
  public <Q extends Message, R extends Message> GrpcListener serve(
      GrpcMethod<Q, R> method, BiFunction<Caller, Q, Future<R>> handler) {
    return serve(method, TRUSTED, handler);
  }

  /** Serves a unary method to callers who come in by one of these listeners, DENIED to others. */
  public <Q extends Message, R extends Message> GrpcListener serve(
      GrpcMethod<Q, R> method, Set<Listener> listeners, BiFunction<Caller, Q, Future<R>> handler) {
    unary.add(
        method,
        (caller, request) ->
            listeners.contains(caller.listener())
                ? handler.apply(caller, request)
                : Future.failedFuture(denied(method.path(), caller)));
    return this;
  }

  /** Serves a client-streaming method to all callers; the handler runs on the stream's loop. */
  public GrpcListener stream(ServiceDescriptor service, String method, Consumer<InStream> handler) {
    unary.name(service);
    streams.put("/" + service.getFullName() + "/" + method, handler);
    return this;
  }

  /**
   * Serves pipes to a service, to callers who come in by one of these listeners. The handler gets
   * the pipe paused, and resumes it.
   */
  public GrpcListener pipe(
      String service, Set<Listener> listeners, BiConsumer<Caller, Pipe> handler) {
    pipes.put(service, new PipeService(listeners, handler));
    return this;
  }

  /**
   * Serves connections on these event loops, except those of this host's programs: one thread for
   * both directions of a wire saves a wake-up for every acknowledgement.
   */
  public GrpcListener on(List<Loop> loops) {
    this.loops = List.copyOf(loops);
    return this;
  }

  /** The event loops of {@link #on}; any one if there are none. */
  public List<Loop> loops() {
    return loops.isEmpty() ? List.of(Loop.of(vertx)) : loops;
  }

  /**
   * Listens; UNAVAILABLE names the address, for example one that is taken.
   *
   * @param by the listener to open
   * @param options from {@link GrpcSettings}, with the address
   * @return the port
   */
  public Future<Integer> listen(Listener by, HttpServerOptions options, Callers callers) {
    List<Future<Integer>> open = new ArrayList<>();
    // Programs of this host send no frames, so any loop serves them.
    for (Loop loop : by == Listener.LOCAL ? List.<Loop>of() : loops) {
      open.add(loop.call(() -> open(by, options, callers)));
    }
    if (open.isEmpty()) {
      open.add(open(by, options, callers));
    }
    return Future.all(open)
        .map(all -> open.get(0).result())
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(
                        "%s: cannot listen on %s:%s: %s"
                            .formatted(
                                by.option(), options.getHost(), options.getPort(), Reason.of(e)),
                        e)));
  }

  /** Listens in plain for programs of this host. */
  public Future<Integer> listenLocally(String address, int port) {
    return listen(
        Listener.LOCAL,
        GrpcSettings.server(address, port),
        (connection, headers) -> Caller.local(connection.remoteAddress().hostAddress()));
  }

  private Future<Integer> open(Listener by, HttpServerOptions options, Callers callers) {
    GrpcServer grpc =
        unary.server(
            vertx, by != Listener.EXTERNAL, call -> callers.of(call.connection(), call.headers()));
    Handler<HttpServerRequest> unaries = Grpc.uncompressed(grpc);
    HttpServer server =
        vertx
            .createHttpServer(options)
            .connectionHandler(WritabilityRecheck::add)
            .requestHandler(request -> onRequest(callers, unaries, request));
    servers.add(server);
    return server.listen().map(HttpServer::actualPort);
  }

  /** Closes the listeners and their connections. */
  public Future<Void> close() {
    return Future.join(servers.stream().map(HttpServer::close).toList()).mapEmpty();
  }

  private void onRequest(
      Callers callers, Handler<HttpServerRequest> grpc, HttpServerRequest request) {
    if (request.path().startsWith(Grpc.PIPES)) {
      onPipe(callers, request);
    } else if (!streams.containsKey(request.path())) {
      grpc.handle(request);
    } else if (request.version() != HttpVersion.HTTP_2) {
      request.response().setStatusCode(HTTP_VERSION_NOT_SUPPORTED).end();
    } else {
      onStream(callers, request);
    }
  }

  private void onStream(Callers callers, HttpServerRequest request) {
    try {
      Caller caller = callers.of(request.connection(), request.headers());
      Optional<Leg> leg = Optional.ofNullable(request.getHeader(Leg.HEADER)).map(Leg::parse);
      onStream(
          caller,
          request.path(),
          leg,
          vertx.getOrCreateContext(),
          done -> new Http2InStream(caller, request, done));
    } catch (WeftException refused) {
      Grpc.refuse(request.response(), refused.fault(), refused.getMessage());
    }
  }

  private void onPipe(Callers callers, HttpServerRequest request) {
    try {
      Caller caller = callers.of(request.connection(), request.headers());
      BiConsumer<Caller, Pipe> handler =
          pipeService(caller, request.path().substring(Grpc.PIPES.length()));
      request.pause();
      request.response().setChunked(true).writeHead();
      handler.accept(caller, new Pipe(request, request.response()));
    } catch (WeftException refused) {
      request.response().setStatusCode(refused.fault().httpStatus()).end(refused.getMessage());
    }
  }

  /**
   * The handler of pipes to a service; NOT_FOUND if there is none, DENIED if the caller may not use
   * the service.
   */
  BiConsumer<Caller, Pipe> pipeService(Caller caller, String service) {
    PipeService found = pipes.get(service);
    if (found == null) {
      throw Fault.NOT_FOUND.because("service " + service + " is not served here");
    }
    if (!found.listeners().contains(caller.listener())) {
      throw denied("service " + service, caller);
    }
    return found.handler();
  }

  /**
   * Serves a stream that came in; a leg of a moved stream once it is that leg's turn.
   *
   * @param context of the stream's loop, on which this is called
   * @param make creates the stream, which runs its argument when it is done
   */
  void onStream(
      Caller caller,
      String path,
      Optional<Leg> leg,
      Context context,
      Function<Runnable, InStream> make) {
    Consumer<InStream> handler = streams.get(path);
    if (leg.isEmpty()) {
      handler.accept(make.apply(() -> {}));
      return;
    }
    String sender = caller.identity();
    InStream stream = make.apply(() -> legs.ended(sender, leg.get()));
    boolean now =
        legs.arrived(
            sender,
            leg.get(),
            () -> context.runOnContext(v -> handler.accept(stream)),
            () -> context.runOnContext(v -> stream.abandon()));
    if (now) {
      handler.accept(stream);
    }
  }

  /**
   * Serves the streams of a QUIC connection that a node has opened. To be called on the
   * connection's loop, before anything arrives.
   *
   * @param caller asked once the node has proved who it is; a WeftException becomes the status of
   *     whatever the node asks for
   */
  public void serve(QuicChannel connection, Loop loop, Supplier<Caller> caller) {
    connection.pipeline().addLast(new QuicServing(this, loop, caller));
  }

  /** Whether there is such a client-streaming method. */
  boolean streams(String path) {
    return streams.containsKey(path);
  }

  /** Answers a unary call that did not come in over HTTP/2. */
  Future<Buffer> dispatch(Caller caller, String path, Buffer message) {
    return unary.dispatch(caller, path, message);
  }

  private static WeftException denied(String path, Caller caller) {
    return Fault.DENIED.because(path + " is not for " + caller);
  }
}

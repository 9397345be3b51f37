package dev.weft.api;

import dev.weft.address.HostPort;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.room.RoomContext;
import dev.weft.rpc.UnixServerSocket;
import dev.weft.telemetry.EventLog;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.PlatformHandler;
import io.vertx.ext.web.handler.SecurityPolicyHandler;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** The room's actor: one server on TCP, one on a Unix socket if that is wanted. */
public final class ApiVerticle extends VerticleBase {
  private static final long MAX_BODY_BYTES = 8 * 1024 * 1024;
  private static final int IDLE_SECONDS = 120;

  private static final long HEALTH_PAUSE_MILLIS = 200;

  private final RoomContext room;
  private final ApiSettings settings;
  private final EventLog events;
  private final TopologyReader reader;
  private final NodeWays ways;
  private HttpServer server;
  private UnixServerSocket socket;
  private Runnable unlisten = () -> {};

  /**
   * @param reader reads the topologies of a request's body
   */
  public ApiVerticle(
      RoomContext room,
      ApiSettings settings,
      EventLog events,
      TopologyReader reader,
      NodeWays ways) {
    this.room = room;
    this.settings = settings;
    this.events = events;
    this.reader = reader;
    this.ways = ways;
  }

  @Override
  public Future<?> start() {
    room.health().state("api", Health.State.STARTING);
    Access access = new Access(settings, room.health());
    NodeHealth here = () -> Future.succeededFuture(status());
    ListResource lists = new ListResource(room.bus(), room.cluster(), ways);
    EventTail tail = new EventTail(vertx, events, settings.node());
    return room.bus()
        .serve(NodeHealth.class, here)
        .compose(served -> room.bus().serve(MemberLists.class, lists))
        .compose(served -> room.bus().serve(MemberEvents.class, tail))
        .compose(served -> Contract.load(vertx))
        .compose(contract -> listen(contract, here, lists, access))
        .onSuccess(
            listening -> {
              room.health().state("api", Health.State.READY);
              unlisten = publishHealth();
            });
  }

  private NodeStatus status() {
    return NodeStatus.of(settings.node(), room.health());
  }

  /** Publishes the node's health whenever there is news of it, at most five times a second. */
  private Runnable publishHealth() {
    HealthNews news = new HealthNews(status());
    AtomicBoolean waiting = new AtomicBoolean();
    return room.health()
        .onChange(
            () -> {
              if (!waiting.getAndSet(true)) {
                vertx.setTimer(
                    HEALTH_PAUSE_MILLIS,
                    later -> {
                      waiting.set(false);
                      news.of(status()).ifPresent(room.bus()::publish);
                    });
              }
            });
  }

  @Override
  public Future<?> stop() {
    unlisten.run();
    // Vert.x closes both servers with the verticle, but does not remove the socket's file.
    return socket == null ? Future.succeededFuture() : socket.remove();
  }

  /** The TCP port listened on, once started. */
  public int port() {
    return server.actualPort();
  }

  private Future<Void> listen(
      Contract contract, NodeHealth here, ListResource lists, Access access) {
    Bus bus = room.bus();
    Metrics metrics = room.metrics();
    EventResource stream =
        new EventResource(
            events, settings.node(), new ClusterEvents(vertx, room), lists, metrics.registry());
    Problems problems = new Problems(contract);
    Function<SecurityPolicyHandler, Router> routes =
        policy -> {
          RouterBuilder builder =
              RouterBuilder.create(vertx, contract.openapi(), new RequestRules(contract))
                  .rootHandler((PlatformHandler) ApiVerticle::setHeaders)
                  .rootHandler(policy)
                  .rootHandler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES));
          Operations operations = new Operations(builder, metrics.registry());
          lists.bind(operations);
          new PodResource(bus).bind(operations);
          new TopologyResource(bus, reader).bind(operations);
          new WireResource(bus).bind(operations);
          new SubnetResource(bus).bind(operations);
          new AgentResource(bus).bind(operations);
          new ServiceResource(bus).bind(operations);
          new MeshResource(bus, room.self()).bind(operations);
          new NetCheckResource(bus).bind(operations);
          new DoctorResource(bus, room.cluster()).bind(operations);
          new ProxyResource(bus, room.self()).bind(operations);
          stream.bind(operations);
          new Probes(here, metrics, contract).bind(operations);
          Router router = builder.createRouter();
          StatusPage.bind(router);
          problems.bind(router);
          return router;
        };
    server = vertx.createHttpServer(options()).requestHandler(routes.apply(access));
    Future<Void> tcp =
        server
            .listen(settings.port(), settings.host())
            .recover(e -> Future.failedFuture(notListening(e)))
            .mapEmpty();
    if (settings.socket().isEmpty()) {
      return tcp;
    }
    Path path = Path.of(settings.socket()).toAbsolutePath();
    socket = new UnixServerSocket(vertx, "http.socket", path, path.getParent());
    HttpServer local =
        vertx.createHttpServer(options()).requestHandler(routes.apply(RoutingContext::next));
    return tcp.compose(listening -> socket.listen(local));
  }

  private WeftException notListening(Throwable e) {
    return Fault.UNAVAILABLE.because(
        "http.port: cannot listen on %s: %s"
            .formatted(new HostPort(settings.host(), settings.port()), Reason.of(e)),
        e);
  }

  private static HttpServerOptions options() {
    return new HttpServerOptions()
        .setHttp2ClearTextEnabled(false)
        .setIdleTimeout(IDLE_SECONDS)
        .setIdleTimeoutUnit(TimeUnit.SECONDS);
  }

  private static void setHeaders(RoutingContext ctx) {
    ctx.response()
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    ctx.next();
  }
}

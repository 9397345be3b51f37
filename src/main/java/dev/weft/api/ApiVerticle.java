package dev.weft.api;

import dev.weft.address.HostPort;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
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

/** The room's actor: one server on TCP, one on a Unix socket if that is wanted. */
public final class ApiVerticle extends VerticleBase {
  private static final long MAX_BODY_BYTES = 8 * 1024 * 1024;
  private static final int IDLE_SECONDS = 120;

  private final ApiSettings settings;
  private final Bus bus;
  private final Cluster cluster;
  private final Health health;
  private final EventLog events;
  private final Metrics metrics;
  private final TopologyReader reader;
  private HttpServer server;
  private UnixServerSocket socket;

  /**
   * @param reader what reads the topologies of a request's body
   */
  public ApiVerticle(
      ApiSettings settings,
      Bus bus,
      Cluster cluster,
      Health health,
      EventLog events,
      Metrics metrics,
      TopologyReader reader) {
    this.settings = settings;
    this.bus = bus;
    this.cluster = cluster;
    this.health = health;
    this.events = events;
    this.metrics = metrics;
    this.reader = reader;
  }

  @Override
  public Future<?> start() {
    health.state("api", Health.State.STARTING);
    Access access = new Access(settings, health);
    NodeHealth here = () -> Future.succeededFuture(NodeStatus.of(settings.node(), health));
    return Contract.load(vertx)
        .compose(contract -> listen(contract, here, access))
        .compose(listening -> bus.serve(NodeHealth.class, here))
        .onSuccess(served -> health.state("api", Health.State.READY));
  }

  @Override
  public Future<?> stop() {
    // Both servers close with the verticle; the socket's file is ours to remove.
    return socket == null ? Future.succeededFuture() : socket.remove();
  }

  /** The TCP port listened on, once started. */
  public int port() {
    return server.actualPort();
  }

  private Future<Void> listen(Contract contract, NodeHealth here, Access access) {
    Members members = new Members(bus, cluster);
    EventResource stream = new EventResource(events, settings.node().epoch(), metrics.registry());
    Problems problems = new Problems(contract);
    java.util.function.Function<SecurityPolicyHandler, Router> routes =
        policy -> {
          RouterBuilder builder =
              RouterBuilder.create(vertx, contract.openapi(), new RequestRules(contract))
                  .rootHandler((PlatformHandler) ApiVerticle::setHeaders)
                  .rootHandler(policy)
                  .rootHandler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES));
          Operations operations = new Operations(builder, metrics.registry());
          new NodeResource(members, here).bind(operations);
          new PodResource(bus, members).bind(operations);
          new TopologyResource(bus, reader).bind(operations);
          new WireResource(bus, members).bind(operations);
          new SubnetResource(bus, members).bind(operations);
          new AgentResource(bus).bind(operations);
          new ServiceResource(bus, members).bind(operations);
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
        "http.port: cannot listen on "
            + new HostPort(settings.host(), settings.port())
            + ": "
            + e.getMessage(),
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

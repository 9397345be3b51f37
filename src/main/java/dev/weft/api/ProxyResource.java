package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.proxy.AppProxies;
import dev.weft.proxy.ProxyStatus;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code /proxy}, and what changes {@code /proxy/connections}. */
final class ProxyResource {
  private static final String CONNECTIONS = "/api/v1/proxy/connections";
  private static final String FORWARD = "forward";

  /** A forward proxy; null for what the configuration says. */
  private record WantedForward(String host, Integer port, String token, Boolean members) {}

  /**
   * A reverse proxy.
   *
   * @param allow null for all nodes
   */
  private record WantedReverse(String target, List<String> allow) {}

  /** A connection; null for what is usual. */
  private record WantedConnection(
      String side, String to, String node, boolean nat, String transport, Long timeoutMillis) {}

  private final AppProxies proxies;
  private final String self;

  ProxyResource(Bus bus, String self) {
    this.proxies = bus.proxy(AppProxies.class);
    this.self = self;
  }

  void bind(Operations operations) {
    operations.answer("getProxy", ctx -> view(proxies.status()));
    operations.answer("startForwardProxy", this::onForward);
    operations.answer("stopForwardProxy", ctx -> view(proxies.stopForward()));
    operations.answer("startReverseProxy", this::onReverse);
    operations.answer("stopReverseProxy", ctx -> view(proxies.stopReverse()));
    operations.answer("addProxyConnection", this::onAdd);
    operations.answer("removeProxyConnection", this::onRemove);
  }

  private Future<ProxyView> view(Future<ProxyStatus> status) {
    return status.map(s -> ProxyView.of(self, s));
  }

  private Future<ProxyView> onForward(RoutingContext ctx) {
    WantedForward wanted = Json.read(ctx.body().asString(), WantedForward.class);
    return view(
        proxies.startForward(wanted.host(), wanted.port(), wanted.token(), wanted.members()));
  }

  private Future<ProxyView> onReverse(RoutingContext ctx) {
    WantedReverse wanted = Json.read(ctx.body().asString(), WantedReverse.class);
    return view(
        proxies.startReverse(wanted.target(), wanted.allow() == null ? List.of() : wanted.allow()));
  }

  private Future<Operations.Created> onAdd(RoutingContext ctx) {
    WantedConnection wanted = Json.read(ctx.body().asString(), WantedConnection.class);
    return proxies
        .add(
            side(wanted.side()),
            wanted.to(),
            wanted.node(),
            wanted.nat(),
            wanted.transport(),
            wanted.timeoutMillis())
        .map(row -> new Operations.Created(CONNECTIONS, ProxyConnectionView.of(self, row)));
  }

  private Future<Void> onRemove(RoutingContext ctx) {
    return proxies.remove(side(ctx.queryParams().get("side")), ctx.queryParams().get("to"));
  }

  private static String side(String given) {
    return given == null ? FORWARD : given;
  }
}

package dev.weft.api;

import dev.weft.telemetry.Metrics;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;

/** {@code /node}, {@code /livez}, {@code /readyz}, {@code /metrics} and the contract itself. */
final class Probes {
  private static final String TEXT = "text/plain; charset=utf-8";

  private final NodeHealth here;
  private final Metrics metrics;
  private final Contract contract;

  Probes(NodeHealth here, Metrics metrics, Contract contract) {
    this.here = here;
    this.metrics = metrics;
    this.contract = contract;
  }

  void bind(Operations operations) {
    operations.answer("getNode", ctx -> here.status());
    operations.handle("livez", ctx -> text(ctx, TEXT, "ok\n"));
    operations.handle("readyz", this::onReady);
    operations.handle(
        "metrics", ctx -> text(ctx, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape()));
    operations.handle("openapi", ctx -> text(ctx, "application/yaml", contract.text()));
  }

  private void onReady(RoutingContext ctx) {
    here.status()
        .onSuccess(
            status -> {
              boolean ready = status.state().equals("ready") || status.state().equals("degraded");
              ctx.response().setStatusCode(ready ? 200 : 503);
              if (!ctx.queryParams().contains("verbose")) {
                text(ctx, TEXT, ready ? "ready\n" : "not ready\n");
              } else if (wantsJson(ctx)) {
                Operations.json(ctx.response(), status);
              } else {
                text(ctx, TEXT, verbose(status));
              }
            })
        .onFailure(ctx::fail);
  }

  private static boolean wantsJson(RoutingContext ctx) {
    String accept = ctx.request().getHeader(HttpHeaders.ACCEPT);
    return accept != null && accept.contains("application/json");
  }

  private static String verbose(NodeStatus status) {
    StringBuilder text = new StringBuilder("node " + status.name() + " " + status.state() + "\n");
    for (NodeStatus.Room room : status.rooms()) {
      text.append(String.format("%-10s %s%n", room.name(), room.state()));
      room.warnings()
          .forEach(
              w ->
                  text.append(
                      String.format(
                          "  %s: %s%n    affects: %s%n    action:  %s%n",
                          w.code(), w.text(), w.affects(), w.action())));
    }
    return text.toString();
  }

  private static void text(RoutingContext ctx, String type, String body) {
    ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, type).end(body);
  }
}

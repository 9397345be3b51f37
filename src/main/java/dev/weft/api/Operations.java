package dev.weft.api;

import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import java.util.function.Function;

/** Binds handlers to the contract's operations. */
final class Operations {
  /** An answer with status 201. */
  record Created(String location, Object body) {}

  private final RouterBuilder builder;
  private final MeterRegistry meters;

  Operations(RouterBuilder builder, MeterRegistry meters) {
    this.builder = builder;
    this.meters = meters;
  }

  /** Answers with what the call yields, as JSON; with 204 if that is null. */
  void answer(String operationId, Function<RoutingContext, Future<?>> call) {
    handle(
        operationId,
        ctx -> call.apply(ctx).onSuccess(value -> reply(ctx, value)).onFailure(ctx::fail));
  }

  void handle(String operationId, Handler<RoutingContext> handler) {
    builder
        .getRoute(operationId)
        // Access has decided before the router; it also guards what the contract does not know.
        .setDoSecurity(false)
        .addHandler(
            ctx -> {
              ctx.addEndHandler(end -> count(operationId, ctx));
              handler.handle(ctx);
            });
  }

  /** The pod that the path names. */
  static PodRef pod(RoutingContext ctx) {
    return new PodRef(ctx.pathParam("ns"), ctx.pathParam("name"));
  }

  private static void reply(RoutingContext ctx, Object value) {
    HttpServerResponse response = ctx.response();
    if (value == null) {
      response.setStatusCode(204).end();
    } else if (value instanceof Created created) {
      response.setStatusCode(201).putHeader(HttpHeaders.LOCATION, created.location());
      json(response, created.body());
    } else {
      json(response, value);
    }
  }

  static void json(HttpServerResponse response, Object body) {
    response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end(Json.write(body));
  }

  private void count(String operationId, RoutingContext ctx) {
    Counter.builder("weft_http_requests")
        .description("Requests to the API by operation and status")
        .tag("operation", operationId)
        .tag("status", Integer.toString(ctx.response().getStatusCode()))
        .register(meters)
        .increment();
  }
}

package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.validation.SchemaValidationException;
import io.vertx.openapi.validation.ValidatorException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where a failure becomes an answer. */
final class Problems {
  private static final Logger log = LoggerFactory.getLogger(Problems.class);

  private final Contract contract;
  private final Violations violations;

  Problems(Contract contract) {
    this.contract = contract;
    this.violations = new Violations(contract);
  }

  void bind(Router router) {
    IntStream.range(400, 600).forEach(status -> router.errorHandler(status, this::onFailure));
  }

  private void onFailure(RoutingContext ctx) {
    if (ctx.response().headWritten()) {
      ctx.response().reset();
      return;
    }
    Problem problem = problem(ctx);
    if (problem.status() == 405) {
      ctx.response()
          .putHeader(HttpHeaders.ALLOW, String.join(", ", contract.methods(ctx.request().path())));
    }
    if (problem.status() == 413) {
      // The rest of the body is not read, so the connection cannot carry another request.
      ctx.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    ctx.response()
        .setStatusCode(problem.status())
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json")
        .end(Json.write(problem));
  }

  private Problem problem(RoutingContext ctx) {
    String path = ctx.request().path();
    // The router wraps what the validator throws.
    Throwable failure =
        ctx.failure() instanceof HttpException http ? http.getCause() : ctx.failure();
    if (failure instanceof RequestRules.UnsupportedType) {
      return Problem.of("unsupported-media-type", 415, failure.getMessage(), path);
    }
    if (failure instanceof ValidatorException invalid) {
      return invalid(ctx, invalid);
    }
    int status = ctx.statusCode();
    boolean refusedByServer = status >= 400 && status < 500;
    if (failure instanceof WeftException || (failure != null && !refusedByServer)) {
      WeftException known = WeftException.of(failure);
      if (known.fault() == Fault.INTERNAL) {
        log.error("{} {}", ctx.request().method(), path, failure);
      }
      return Problem.of(known.fault(), known.getMessage(), path);
    }
    return switch (status) {
      case 404 ->
          Problem.of(Fault.NOT_FOUND, path + ": no such resource; /openapi.yaml has all", path);
      case 405 ->
          Problem.of(
              "method-not-allowed",
              405,
              "method: %s (expected: %s)"
                  .formatted(ctx.request().method(), String.join(" or ", contract.methods(path))),
              path);
      case 413 -> Problem.of("too-large", 413, "body: too large (expected: at most 8 MiB)", path);
      case 400 ->
          Problem.of(Fault.INVALID, failure == null ? "not HTTP/1.1" : failure.getMessage(), path);
      default -> Problem.of("http-" + status, status, "the request cannot be served", path);
    };
  }

  private Problem invalid(RoutingContext ctx, ValidatorException failure) {
    String path = ctx.request().path();
    if (failure instanceof SchemaValidationException schema) {
      Operation operation = contract.openapi().findOperation(path, ctx.request().method());
      Map<String, String> given = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      given.putAll(ctx.pathParams());
      ctx.request().headers().forEach(h -> given.put(h.getKey(), h.getValue()));
      ctx.queryParams().forEach(q -> given.put(q.getKey(), q.getValue()));
      List<Violations.Violation> errors =
          violations.of(schema, operation, given, ctx.body().buffer());
      if (!errors.isEmpty()) {
        return Problem.invalid(errors, path);
      }
    }
    if (ctx.body().length() <= 0) {
      return Problem.of(Fault.INVALID, "body: empty (expected: what /openapi.yaml says)", path);
    }
    return Problem.of(Fault.INVALID, failure.getMessage(), path);
  }
}

package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.openapi.router.RequestExtractor;
import io.vertx.json.schema.common.dsl.SchemaType;
import io.vertx.openapi.contract.Location;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Parameter;
import io.vertx.openapi.validation.RequestParameter;
import io.vertx.openapi.validation.RequestUtils;
import io.vertx.openapi.validation.ValidatableRequest;
import io.vertx.openapi.validation.impl.RequestParameterImpl;
import io.vertx.openapi.validation.impl.ValidatableRequestImpl;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What holds for every request before its values are validated. */
final class RequestRules implements RequestExtractor {
  private static final Set<String> YAML_NAMES =
      Set.of("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml");

  private final Contract contract;

  RequestRules(Contract contract) {
    this.contract = contract;
  }

  @Override
  public Future<ValidatableRequest> extractValidatableRequest(
      RoutingContext ctx, Operation operation) {
    refuseUnknownParameters(ctx, operation);
    String mediaType = mediaType(ctx, operation);
    return RequestUtils.extract(
            ctx.request(), operation, () -> Future.succeededFuture(ctx.body().buffer()))
        .map(
            r ->
                new ValidatableRequestImpl(
                    r.getCookies(),
                    r.getHeaders(),
                    asTexts(r.getPathParameters(), operation),
                    r.getQuery(),
                    r.getBody(),
                    mediaType));
  }

  /** The validator reads a text as JSON if it can, so that it takes {@code {}} for an object. */
  private static Map<String, RequestParameter> asTexts(
      Map<String, RequestParameter> given, Operation operation) {
    Map<String, RequestParameter> texts = new HashMap<>(given);
    for (Parameter known : operation.getParameters()) {
      RequestParameter value = given.get(known.getName());
      if (known.getIn() == Location.PATH
          && known.getSchemaType() == SchemaType.STRING
          && value != null
          && value.isString()) {
        texts.put(known.getName(), new RequestParameterImpl(Json.write(value.getString())));
      }
    }
    return texts;
  }

  private static void refuseUnknownParameters(RoutingContext ctx, Operation operation) {
    List<String> known =
        operation.getParameters().stream()
            .filter(p -> p.getIn() == Location.QUERY)
            .map(Parameter::getName)
            .toList();
    for (String name : ctx.queryParams().names()) {
      if (!known.contains(name)) {
        throw Fault.invalid(
            "query parameter", name, known.isEmpty() ? "none" : String.join(", ", known));
      }
    }
  }

  private String mediaType(RoutingContext ctx, Operation operation) {
    Set<String> types = contract.bodyTypes(operation.getOperationId());
    if (types.isEmpty()) {
      return null;
    }
    String header = ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
    String type =
        header == null ? "none" : header.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
    String known = YAML_NAMES.contains(type) ? "application/yaml" : type;
    if (!types.contains(known)) {
      throw new UnsupportedType(type, types);
    }
    return Contract.validated(known);
  }

  /** A body in a media type that the operation does not take. */
  static final class UnsupportedType extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsupportedType(String type, Set<String> expected) {
      super("content-type: " + type + " (expected: " + String.join(" or ", expected) + ")");
    }
  }
}

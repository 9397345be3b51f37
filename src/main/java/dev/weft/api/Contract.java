package dev.weft.api;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.weft.bus.Fault;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.OpenAPIContract;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The contract as it is served and as requests are validated against it.
 *
 * @param text openapi.yaml
 * @param document the same, parsed
 */
record Contract(String text, JsonObject document, OpenAPIContract openapi) {
  private static final String YAML = "application/yaml";
  private static final String OPAQUE = "application/octet-stream";
  private static final List<String> METHODS = List.of("get", "put", "post", "delete");

  static Future<Contract> load(Vertx vertx) {
    String text = resource("openapi.yaml");
    Map<String, Object> map;
    try {
      map = new YAMLMapper().readerForMapOf(Object.class).readValue(text);
    } catch (IOException e) {
      return Future.failedFuture(Fault.INTERNAL.because("openapi.yaml is not YAML", e));
    }
    JsonObject document = new JsonObject(map);
    return OpenAPIContract.from(vertx, forValidation(document))
        .map(openapi -> new Contract(text, document, openapi));
  }

  static String resource(String name) {
    try (InputStream in = Contract.class.getClassLoader().getResourceAsStream(name)) {
      if (in == null) {
        throw Fault.INTERNAL.because(name + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw Fault.INTERNAL.because(name + " cannot be read from the jar", e);
    }
  }

  /** Media types that an operation's body may have, empty if it takes none. */
  Set<String> bodyTypes(String operationId) {
    JsonObject body = operation(operationId).getJsonObject("requestBody");
    if (body == null) {
      return Set.of();
    }
    String ref = body.getString("$ref");
    JsonObject declared = ref == null ? body : resolve(ref);
    return new TreeSet<>(declared.getJsonObject("content").fieldNames());
  }

  /** Methods that a path of the contract knows, in upper case; empty for an unknown path. */
  List<String> methods(String path) {
    var found = openapi.findPath(path);
    return found == null
        ? List.of()
        : found.getOperations().stream().map(o -> o.getHttpMethod().name()).sorted().toList();
  }

  /** The part of the document that a local reference ({@code #/a/b}) names. */
  JsonObject resolve(String ref) {
    JsonObject at = document;
    for (String part : ref.substring(2).split("/", -1)) {
      at = at.getJsonObject(part);
    }
    return at;
  }

  private JsonObject operation(String operationId) {
    for (Map.Entry<String, Object> path : document.getJsonObject("paths")) {
      for (String method : METHODS) {
        JsonObject operation = ((JsonObject) path.getValue()).getJsonObject(method);
        if (operation != null && operationId.equals(operation.getString("operationId"))) {
          return operation;
        }
      }
    }
    throw Fault.INTERNAL.because("openapi.yaml has no operation " + operationId);
  }

  /**
   * The validator knows neither YAML bodies nor the media types of our answers, and refuses a
   * document that names them: YAML becomes opaque (its parser validates it), answers are left out.
   */
  private static JsonObject forValidation(JsonObject document) {
    JsonObject copy = document.copy();
    copy.getJsonObject("components").remove("responses");
    for (Map.Entry<String, Object> path : copy.getJsonObject("paths")) {
      for (String method : METHODS) {
        JsonObject operation = ((JsonObject) path.getValue()).getJsonObject(method);
        if (operation != null) {
          operation.put("responses", JsonObject.of("default", JsonObject.of("description", "")));
        }
      }
    }
    JsonObject bodies = copy.getJsonObject("components").getJsonObject("requestBodies");
    for (Map.Entry<String, Object> body : bodies) {
      JsonObject content = ((JsonObject) body.getValue()).getJsonObject("content");
      if (content.remove(YAML) != null) {
        content.put(
            OPAQUE, JsonObject.of("schema", JsonObject.of("type", "string", "format", "binary")));
      }
    }
    return copy;
  }

  /** The media type under which the validator knows a body of this one. */
  static String validated(String mediaType) {
    return mediaType.equals(YAML) ? OPAQUE : mediaType;
  }
}

package dev.weft.api;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.OutputUnit;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.validation.SchemaValidationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A schema validator's findings in words: where, which value, what was expected. */
final class Violations {
  /** Keywords whose finding is about a value; the others only say that something below is wrong. */
  private static final Set<String> LEAVES =
      Set.of(
          "type",
          "enum",
          "minimum",
          "maximum",
          "minLength",
          "maxLength",
          "pattern",
          "required",
          "additionalProperties");

  private static final Pattern PARAMETER = Pattern.compile("parameter (\\S+) is invalid");
  private static final Pattern MISSING = Pattern.compile("required property \"(.+)\"");

  /**
   * @param path {@code a.intf}, or a parameter's name; {@code body} for the whole body
   * @param value as JSON, or {@code missing}
   */
  record Violation(String path, String value, String expected) {
    @Override
    public String toString() {
      return path + ": " + value + " (expected: " + expected + ")";
    }
  }

  private final Contract contract;

  /**
   * @param contract in which references are looked up
   */
  Violations(Contract contract) {
    this.contract = contract;
  }

  /** What is wrong with a parameter or the body; empty if the findings name nothing. */
  List<Violation> of(
      SchemaValidationException failure,
      Operation operation,
      Map<String, String> given,
      Buffer body) {
    Matcher name = PARAMETER.matcher(failure.getMessage());
    if (name.find()) {
      return operation.getParameters().stream()
          .filter(p -> p.getName().equals(name.group(1)))
          .limit(1)
          .map(
              p ->
                  new Violation(
                      p.getName(),
                      given.getOrDefault(p.getName(), "missing"),
                      expected(p.getOpenAPIModel().getJsonObject("schema"), p.getOpenAPIModel())))
          .toList();
    }
    JsonObject schema =
        operation
            .getRequestBody()
            .getOpenAPIModel()
            .getJsonObject("content")
            .getJsonObject("application/json")
            .getJsonObject("schema");
    JsonNode value = Json.read(body.toString(), JsonNode.class);
    List<Violation> found = new ArrayList<>();
    for (OutputUnit unit : failure.getOutputUnit().getErrors()) {
      violation(unit, schema, value).filter(v -> !found.contains(v)).ifPresent(found::add);
    }
    return found;
  }

  private Optional<Violation> violation(OutputUnit unit, JsonObject root, JsonNode body) {
    List<String> keywords = List.of(unit.getKeywordLocation().split("/"));
    String keyword = keywords.get(keywords.size() - 1);
    if (!LEAVES.contains(keyword)) {
      return Optional.empty();
    }
    JsonObject schema = walk(root, keywords.subList(1, keywords.size() - 1));
    String path = unit.getInstanceLocation().replaceFirst("^#/?", "").replace('/', '.');
    if (keyword.equals("required")) {
      Matcher required = MISSING.matcher(unit.getError());
      String name = required.find() ? required.group(1) : "";
      JsonObject property = resolved(schema.getJsonObject("properties").getJsonObject(name));
      String missing = path.isEmpty() ? name : path + "." + name;
      return Optional.of(new Violation(missing, "missing", expected(property, property)));
    }
    if (keyword.equals("additionalProperties")) {
      Set<String> known = schema.getJsonObject("properties").fieldNames();
      // The validator also names here each known property whose value it has found wrong before.
      return known.contains(path.substring(path.lastIndexOf('.') + 1))
          ? Optional.empty()
          : Optional.of(
              new Violation(path, "not a field", known.stream().sorted().collect(joining(", "))));
    }
    JsonNode value = body.at(unit.getInstanceLocation().substring(1));
    return Optional.of(
        new Violation(path.isEmpty() ? "body" : path, text(value), expected(schema, schema)));
  }

  private JsonObject walk(JsonObject root, List<String> path) {
    JsonObject at = resolved(root);
    for (String step : path) {
      at = step.equals("$ref") ? at : resolved(at.getJsonObject(step));
    }
    return at;
  }

  private JsonObject resolved(JsonObject schema) {
    String ref = schema.getString("$ref");
    return ref == null ? schema : resolved(contract.resolve(ref));
  }

  private static String expected(JsonObject schema, JsonObject described) {
    JsonObject items = schema.getJsonObject("items");
    JsonArray values = (items == null ? schema : items).getJsonArray("enum");
    if (values != null) {
      return either(values.stream().filter(v -> v != null).map(Object::toString).toList());
    }
    if (schema.containsKey("minimum") && schema.containsKey("maximum")) {
      return schema.getValue("minimum") + ".." + schema.getValue("maximum");
    }
    String description = described.getString("description");
    if (description != null) {
      return description;
    }
    Object type = schema.getValue("type");
    return type instanceof JsonArray types
        ? types.stream()
            .filter(t -> !t.equals("null"))
            .map(Object::toString)
            .collect(joining(" or "))
        : String.valueOf(type);
  }

  /** {@code a}, {@code a or b}, {@code a, b or c}. */
  private static String either(List<String> values) {
    int last = values.size() - 1;
    return last < 1
        ? String.join("", values)
        : String.join(", ", values.subList(0, last)) + " or " + values.get(last);
  }

  private static String text(JsonNode value) {
    return value.isContainerNode()
        ? "an " + value.getNodeType().name().toLowerCase(Locale.ROOT)
        : value.toString();
  }
}

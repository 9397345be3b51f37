package dev.weft.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A list as {@code lists.json} describes it for the command line and the node's page.
 *
 * @param about what the command does
 * @param rows the field of an item that has its rows; null where an item is a row
 * @param name the field of an item by which a command names it
 * @param facts the kinds of event that tell of a change
 */
record ListDescription(
    String path, String about, String rows, String name, List<String> facts, List<Column> columns) {
  /** Read when the first list is asked for. */
  private static final class File {
    static final Map<String, ListDescription> LISTS = read();

    private static Map<String, ListDescription> read() {
      try (InputStream in = ListDescription.class.getResourceAsStream("/lists.json")) {
        return Json.mapper()
            .readValue(in, new TypeReference<LinkedHashMap<String, ListDescription>>() {});
      } catch (IOException e) {
        throw new UncheckedIOException("lists.json of the jar cannot be read", e);
      }
    }
  }

  /**
   * A column.
   *
   * @param of paths of the fields shown, as in {@code local.pod}
   * @param as how they are shown; null for a field as it is
   * @param only {@code page} for what the command line does not show, {@code wide} for what it
   *     shows when asked for all columns; null for what is always shown
   * @param none what stands for an absent value; null for the table's own sign
   * @param words what stands for a value; null for none
   */
  record Column(
      String label,
      List<String> of,
      String as,
      String only,
      String none,
      Map<String, String> words) {

    String head() {
      return label.toUpperCase(Locale.ROOT).replace(' ', '-');
    }

    String text(JsonNode row, Map<String, String> nodeNames) {
      String text =
          switch (as == null ? "" : as) {
            case "end" -> joined(values(row), ":");
            case "path" -> joined(values(row), "/");
            case "sum" -> Long.toString(values(row).mapToLong(JsonNode::asLong).sum());
            case "list" -> joined(values(row).flatMap(ListDescription::items), ", ");
            case "hops" ->
                values(row)
                    .flatMap(ListDescription::items)
                    .map(ListDescription::hop)
                    .collect(Collectors.joining(" -> "));
            case "self" ->
                joined(values(row), "") + (row.path("self").asBoolean() ? " (this)" : "");
            case "node" -> joined(values(row).map(id -> name(id, nodeNames)), "");
            case "nodes" ->
                joined(
                    values(row).flatMap(ListDescription::items).map(id -> name(id, nodeNames)),
                    ", ");
            case "rtt" ->
                values(row)
                    .filter(JsonNode::isNumber)
                    .map(micros -> millis(micros.asLong()))
                    .collect(Collectors.joining());
            default -> joined(values(row), "");
          };
      String word = words == null ? text : words.getOrDefault(text, text);
      return word.isEmpty() ? none : word;
    }

    private Stream<JsonNode> values(JsonNode row) {
      return of.stream().map(path -> row.at("/" + path.replace('.', '/')));
    }

    private static JsonNode name(JsonNode id, Map<String, String> nodeNames) {
      String name = nodeNames.get(id.asText());
      return name == null ? id : Json.mapper().getNodeFactory().textNode(name);
    }

    private static String joined(Stream<JsonNode> values, String separator) {
      return values
          .map(JsonNode::asText)
          .filter(text -> !text.isEmpty())
          .collect(Collectors.joining(separator));
    }
  }

  static ListDescription of(String name) {
    return Objects.requireNonNull(File.LISTS.get(name), name);
  }

  /** All lists by name, in the order of the file. */
  static Map<String, ListDescription> all() {
    return Collections.unmodifiableMap(File.LISTS);
  }

  /**
   * The items' rows in the order given, which is the API's.
   *
   * @param wide whether to show every column
   */
  TextTable table(Iterable<JsonNode> items, Map<String, String> nodeNames, boolean wide) {
    List<Column> shown =
        columns.stream()
            .filter(c -> c.only() == null || (wide && c.only().equals("wide")))
            .toList();
    TextTable table = new TextTable(shown.stream().map(Column::head).toArray(String[]::new));
    for (JsonNode item : items) {
      (rows == null ? Stream.of(item) : items(item.path(rows)))
          .forEach(row -> table.row(shown.stream().map(c -> c.text(row, nodeNames)).toArray()));
    }
    return table;
  }

  /** The items' names, each once. */
  List<String> names(JsonNode items) {
    return items(items)
        .map(item -> item.path(name).asText())
        .filter(text -> !text.isEmpty())
        .distinct()
        .toList();
  }

  /** A time of microseconds as {@code 0.412 ms}. */
  static String millis(long micros) {
    return String.format(Locale.ROOT, "%.3f ms", micros / 1000.0);
  }

  /** {@code firewall by default/fw1}, with its state if it is not up. */
  private static String hop(JsonNode hop) {
    String state = hop.path("state").asText();
    return hop.path("service").asText()
        + " by "
        + hop.path("provider").asText()
        + (state.equals("up") ? "" : " (" + state + ")");
  }

  private static Stream<JsonNode> items(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}

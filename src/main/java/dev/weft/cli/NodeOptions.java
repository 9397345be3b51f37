package dev.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which node a command asks, and in which form it answers. */
final class NodeOptions {
  /** Items asked for at once. */
  private static final int PART = 500;

  /** The fields of an answer that hold its items; topologies have single links between them. */
  private static final List<String> LISTS = List.of("items", "links");

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "${env:WEFT_URL:-http://127.0.0.1:8080}",
      description =
          "The node: HOST:PORT or unix:/path/to/http.sock"
              + " (default: $WEFT_URL or http://127.0.0.1:8080).")
  private String url;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      defaultValue = "${env:WEFT_TOKEN_FILE}",
      description = "Its first line is the bearer token (default: $$WEFT_TOKEN_FILE).")
  private Path tokenFile;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "json or yaml: the API's answer; of lists also wide (all columns) or name.")
  private Form form;

  @Option(names = "--json", description = "As -o json.")
  private boolean json;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** How an answer is printed, unless as a text or a table for a person. */
  enum Form {
    json,
    yaml,
    wide,
    name
  }

  /** Of a command whose answer is no list. */
  ApiClient client() {
    if (form == Form.wide || form == Form.name) {
      throw usage("-o " + form + ": only for lists (expected: json or yaml)");
    }
    return listClient();
  }

  /** Of a command that shows a list, for which there are more forms. */
  ApiClient listClient() {
    try {
      return ApiClient.of(url, tokenFile);
    } catch (WeftException e) {
      throw usage(e.getMessage());
    }
  }

  /** Whether the answer is printed as JSON or YAML, for programs. */
  boolean asData() {
    return json || form == Form.json || form == Form.yaml;
  }

  boolean wide() {
    return form == Form.wide;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Prints a table as wide as the terminal is, 80 columns if there is none; whole with -o wide. */
  void print(TextTable table) {
    out().print(wide() ? table.toString() : table.fitted(width()));
    out().flush();
  }

  /** Prints a sentence behind a head, in lines as long as those of a table. */
  void print(String head, String sentence) {
    out().print(TextTable.wrapped(head, sentence, width()));
  }

  private int width() {
    return spec.usageMessage().width();
  }

  /** Prints a list's items, for a person: their names if only these are asked for, or a table. */
  void print(ListDescription list, ApiClient client, JsonNode items) {
    if (form == Form.name) {
      list.names(items).forEach(out()::println);
    } else {
      print(list.table(items, names(client), wide()));
    }
  }

  /** Tells a person what was done; as JSON there is nothing to print. */
  void done(String text) {
    if (!asData()) {
      out().println(text);
    }
  }

  /** Prints the answer, or what it says to a person. */
  void answer(JsonNode answer, String text) {
    if (asData()) {
      printData(answer);
    } else {
      out().println(text);
    }
  }

  void printData(JsonNode answer) {
    if (form == Form.yaml) {
      out().print(YamlText.of(answer));
      return;
    }
    try {
      out().println(Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(answer));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree that was read cannot be written", e);
    }
  }

  /** One of many: JSON on one line, or a YAML document. */
  void printDataLine(JsonNode one) {
    out().print(form == Form.yaml ? "---\n" + YamlText.of(one) : one + System.lineSeparator());
  }

  /**
   * A list of this node, or of the cluster, asked for part by part; members that did not answer are
   * told on stderr.
   *
   * @param limit items at most; {@code next} is left in the answer where others follow
   */
  ObjectNode list(ApiClient client, String path, boolean cluster, int limit) {
    ObjectNode all = null;
    Map<String, JsonNode> unanswered = new LinkedHashMap<>();
    String next = "";
    for (int missing = limit; missing > 0 && next != null; ) {
      ObjectNode part = part(client, path, cluster, Math.min(missing, PART), next);
      part.path("unanswered").forEach(m -> unanswered.put(m.path("node").asText(), m));
      next = part.path("next").asText(null);
      for (String list : LISTS) {
        missing -= part.path(list).size();
        if (all != null && all.has(list)) {
          all.withArray(list).addAll((ArrayNode) part.get(list));
        }
      }
      all = all == null ? part : all;
    }
    all.putArray("unanswered").addAll(unanswered.values());
    tellUnanswered(all);
    return next == null ? all.without("next") : all.put("next", next);
  }

  /** All items of a list that {@code lists.json} describes. */
  JsonNode items(ApiClient client, String list, boolean cluster) {
    return list(client, ListDescription.of(list).path(), cluster, Integer.MAX_VALUE).path("items");
  }

  private static ObjectNode part(
      ApiClient client, String path, boolean cluster, int limit, String after) {
    String query = "?limit=" + limit + (cluster ? "&scope=cluster" : "");
    String place = after.isEmpty() ? "" : "&after=" + ApiClient.escaped(after);
    return (ObjectNode) client.get(path + query + place);
  }

  /** Names on stderr the members that did not answer. */
  void tellUnanswered(JsonNode answer) {
    for (JsonNode member : answer.path("unanswered")) {
      err()
          .printf(
              "weft: node %s (%s) did not answer: %s%n",
              member.path("name").asText(),
              member.path("node").asText(),
              member.path("reason").asText());
    }
  }

  /** Names on stderr the members whose rows a list has not because they are away. */
  void tellAway(JsonNode answer) {
    for (JsonNode member : answer.path("away")) {
      err().printf("weft: %s: what it alone has is not listed%n", member.path("reason").asText());
    }
  }

  /** The names of the members by id, also of those that are away, for people. */
  static Map<String, String> names(ApiClient client) {
    Map<String, String> names = new HashMap<>();
    for (JsonNode node : client.get("/api/v1/nodes").path("items")) {
      names.put(node.path("id").asText(), node.path("name").asText());
    }
    return names;
  }

  ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}

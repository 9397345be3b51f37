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

  @Option(names = "--json", description = "Print the API's JSON.")
  private boolean json;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  ApiClient client() {
    try {
      return ApiClient.of(url, tokenFile);
    } catch (WeftException e) {
      throw usage(e.getMessage());
    }
  }

  boolean json() {
    return json;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  void print(TextTable table) {
    out().print(table);
    out().flush();
  }

  /** Tells a person what was done; as JSON there is nothing to print. */
  void done(String text) {
    if (!json) {
      out().println(text);
    }
  }

  /** Prints the answer, or what it says to a person. */
  void answer(JsonNode answer, String text) {
    if (json) {
      printJson(answer);
    } else {
      out().println(text);
    }
  }

  void printJson(JsonNode answer) {
    try {
      out().println(Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(answer));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree that was read cannot be written", e);
    }
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
    unanswered.values().forEach(this::tellUnanswered);
    all.putArray("unanswered").addAll(unanswered.values());
    return next == null ? all.without("next") : all.put("next", next);
  }

  private static ObjectNode part(
      ApiClient client, String path, boolean cluster, int limit, String after) {
    String query = "?limit=" + limit + (cluster ? "&scope=cluster" : "");
    String place = after.isEmpty() ? "" : "&after=" + ApiClient.escaped(after);
    return (ObjectNode) client.get(path + query + place);
  }

  private void tellUnanswered(JsonNode member) {
    err()
        .printf(
            "weft: node %s (%s) did not answer: %s%n",
            member.path("name").asText(),
            member.path("node").asText(),
            member.path("reason").asText());
  }

  /** The names of the live members by id, for people. */
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

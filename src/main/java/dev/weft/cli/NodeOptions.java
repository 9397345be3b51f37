package dev.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which node a command asks, and in which form it answers. */
final class NodeOptions {
  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "${env:WEFT_URL:-http://127.0.0.1:8080}",
      description =
          "The node: http://HOST:PORT or unix:/path/to/http.sock"
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

  void printJson(JsonNode answer) {
    try {
      out().println(Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(answer));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree that was read cannot be written", e);
    }
  }

  /** A list of this node, or of the cluster; members that did not answer are told on stderr. */
  JsonNode list(ApiClient client, String path, boolean cluster) {
    JsonNode answer = client.get(cluster ? path + "?scope=cluster" : path);
    for (JsonNode member : answer.path("unanswered")) {
      err()
          .printf(
              "weft: node %s (%s) did not answer: %s%n",
              member.path("name").asText(),
              member.path("node").asText(),
              member.path("reason").asText());
    }
    return answer;
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

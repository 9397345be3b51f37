package dev.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A node's API as the commands use it. Every failure is a {@link RequestFailed}. */
public final class ApiClient {
  /** Of a node's API by default. */
  private static final int PORT = 8080;

  private static final int DEADLINE_SECONDS = 30;
  private static final byte[] NOTHING = new byte[0];

  private final URI node;
  private final String token;

  private ApiClient(URI node, String token) {
    this.node = node;
    this.token = token;
  }

  /**
   * A client of one node.
   *
   * @param url {@code [http://]HOST[:PORT]}, {@code https://HOST:PORT} or {@code unix:/path}
   * @param tokenFile its first line is the bearer token; null for none
   */
  public static ApiClient of(String url, Path tokenFile) {
    return new ApiClient(endpoint(url), tokenFile == null ? null : token(tokenFile));
  }

  /** Whether every room of the node is ready or degraded; false too if it does not answer. */
  public boolean ready() {
    try (Exchange exchange = Exchange.open(node)) {
      exchange.send("GET", "/readyz", Map.of(), NOTHING);
      return exchange.status() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  public JsonNode get(String path) {
    return request("GET", path, null, NOTHING);
  }

  /** Sends a request without a body. */
  JsonNode post(String path) {
    return request("POST", path, null, NOTHING);
  }

  /** As {@link #post}. */
  void put(String path) {
    request("PUT", path, null, NOTHING);
  }

  public void delete(String path) {
    request("DELETE", path, null, NOTHING);
  }

  public JsonNode send(String method, String path, JsonNode body) {
    return send(method, path, "application/json", body.toString());
  }

  public JsonNode send(String method, String path, String contentType, String body) {
    return request(method, path, contentType, body.getBytes(StandardCharsets.UTF_8));
  }

  /** Hands every line of a stream to the consumer until the node ends it. */
  void stream(String path, Consumer<String> lines) {
    try (Exchange exchange = Exchange.open(node)) {
      exchange.send("GET", path, headers("text/event-stream", null), NOTHING);
      if (exchange.status() != 200) {
        throw refused(exchange, exchange.text());
      }
      new BufferedReader(new InputStreamReader(exchange.body(), StandardCharsets.UTF_8))
          .lines()
          .forEach(lines);
    } catch (IOException e) {
      throw unreachable(e);
    } catch (UncheckedIOException e) {
      throw unreachable(e.getCause());
    }
  }

  private JsonNode request(String method, String path, String type, byte[] body) {
    AtomicBoolean late = new AtomicBoolean();
    try (Exchange exchange = Exchange.open(node)) {
      CompletableFuture<Void> deadline =
          CompletableFuture.runAsync(
              () -> {
                late.set(true);
                abort(exchange);
              },
              CompletableFuture.delayedExecutor(DEADLINE_SECONDS, TimeUnit.SECONDS));
      exchange.send(method, path, headers("application/json", type), body);
      String text = exchange.text();
      deadline.cancel(false);
      if (exchange.status() >= 300) {
        throw refused(exchange, text);
      }
      return text.isEmpty() ? MissingNode.getInstance() : Json.mapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new RequestFailed(node + " does not answer as a node does: not JSON", e);
    } catch (IOException e) {
      throw late.get()
          ? new RequestFailed(node + ": no answer within " + DEADLINE_SECONDS + " s", e)
          : unreachable(e);
    }
  }

  private Map<String, String> headers(String accept, String type) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Accept", accept);
    if (type != null) {
      headers.put("Content-Type", type);
    }
    if (token != null) {
      headers.put("Authorization", "Bearer " + token);
    }
    return headers;
  }

  /** The problem's detail (RFC 9457), which names what was wrong and what was expected. */
  private RequestFailed refused(Exchange exchange, String body) throws JsonProcessingException {
    if (!exchange.header("content-type").startsWith("application/problem+json")) {
      return new RequestFailed(
          exchange.status(), node + " answers with status " + exchange.status());
    }
    JsonNode problem = Json.mapper().readTree(body);
    String hint = exchange.status() == 401 ? "; use --token-file" : "";
    return new RequestFailed(exchange.status(), problem.path("detail").asText() + hint);
  }

  private RequestFailed unreachable(IOException e) {
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    boolean nobody = e instanceof ConnectException || why.contains("No such file");
    return new RequestFailed(
        nobody
            ? "no node answers at "
                + node
                + " ("
                + why
                + "). Start one with: weft run --conf conf/weft.yaml; or name another with --url"
            : node + ": " + why,
        e);
  }

  /** A value as it stands in a query. */
  static String escaped(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  private static void abort(Exchange exchange) {
    try {
      exchange.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URI endpoint(String given) {
    String url = HostPort.parse(given, PORT).map(at -> "http://" + at).orElse(given);
    try {
      URI uri = URI.create(url);
      boolean unix = "unix".equals(uri.getScheme()) && uri.getSchemeSpecificPart().startsWith("/");
      boolean tcp =
          ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
              && uri.getHost() != null;
      if (unix || tcp) {
        return uri;
      }
    } catch (IllegalArgumentException malformed) {
      throw Fault.INVALID.because("--url: " + url + " (" + malformed.getMessage() + ")", malformed);
    }
    throw Fault.invalid("--url", url, "[http://]HOST[:PORT] or unix:/path");
  }

  private static String token(Path file) {
    try {
      return Files.readString(file).lines().findFirst().orElse("").strip();
    } catch (IOException e) {
      throw Fault.INVALID.because("--token-file: " + file + " cannot be read", e);
    }
  }
}

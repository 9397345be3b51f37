package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.telemetry.Health;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.SecurityPolicyHandler;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may call over TCP: the holder of a token; without token files, any program of this host, but
 * no web page, which could reach loopback through a user's browser (cross-site requests, DNS
 * rebinding).
 */
final class Access implements SecurityPolicyHandler {
  /** Paths that need no token: probes, the contract, the page without its data. */
  private static final Set<String> OPEN =
      Set.of(
          "/livez",
          "/readyz",
          "/health",
          "/openapi.yaml",
          "/",
          "/app.js",
          "/style.css",
          "/lists.json");

  private static final Pattern LOOPBACK_HOST =
      Pattern.compile("(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1])(?::\\d{1,5})?");
  private static final String BEARER = "bearer ";
  private static final String CHALLENGE = "Bearer realm=\"weft\"";

  private final TokenFile admin;
  private final TokenFile reader;

  Access(ApiSettings settings, Health health) {
    admin = settings.tokenFile() == null ? null : new TokenFile(settings.tokenFile(), health);
    reader =
        settings.readTokenFile() == null ? null : new TokenFile(settings.readTokenFile(), health);
  }

  @Override
  public void handle(RoutingContext ctx) {
    if (!OPEN.contains(ctx.request().path())) {
      if (admin == null) {
        checkLocal(ctx.request());
      } else {
        checkToken(ctx);
      }
    }
    ctx.next();
  }

  private void checkToken(RoutingContext ctx) {
    String header = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
    if (header == null || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      ctx.response().putHeader("WWW-Authenticate", CHALLENGE);
      throw Fault.UNAUTHENTICATED.because("authorization: none (expected: Bearer TOKEN)");
    }
    String token = header.substring(BEARER.length()).strip();
    if (admin.holds(token)) {
      return;
    }
    if (reader == null || !reader.holds(token)) {
      ctx.response().putHeader("WWW-Authenticate", CHALLENGE + ", error=\"invalid_token\"");
      throw Fault.UNAUTHENTICATED.because("authorization: a token that this node does not know");
    }
    HttpMethod method = ctx.request().method();
    if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
      throw Fault.DENIED.because("method: " + method + " (expected: GET, with a read-only token)");
    }
  }

  private static void checkLocal(HttpServerRequest request) {
    String host = request.getHeader(HttpHeaders.HOST);
    // Any port: a forwarded port is not this node's, and a web page cannot choose its Host header.
    if (host == null || !LOOPBACK_HOST.matcher(host).matches()) {
      throw Fault.DENIED.because("host: " + host + " (expected: localhost or 127.0.0.1)");
    }
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (origin != null && !origin.equals("http://" + host)) {
      throw Fault.DENIED.because("origin: " + origin + " (expected: none, or http://" + host + ")");
    }
  }
}

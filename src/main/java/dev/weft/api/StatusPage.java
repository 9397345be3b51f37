package dev.weft.api;

import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;

/** The page at {@code /}: four files of the jar, nothing from elsewhere. */
final class StatusPage {
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private StatusPage() {}

  static void bind(Router router) {
    serve(router, "/", "dashboard/index.html", "text/html");
    serve(router, "/app.js", "dashboard/app.js", "text/javascript");
    serve(router, "/style.css", "dashboard/style.css", "text/css");
    serve(router, "/lists.json", "lists.json", "application/json");
  }

  private static void serve(Router router, String path, String file, String type) {
    String body = Contract.resource(file);
    router
        .get(path)
        .handler(
            ctx ->
                ctx.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, type + "; charset=utf-8")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                    .putHeader("Content-Security-Policy", POLICY)
                    .putHeader("Referrer-Policy", "no-referrer")
                    .end(body));
  }
}

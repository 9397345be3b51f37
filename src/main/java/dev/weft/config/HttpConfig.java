package dev.weft.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The listener for people and programs: API, dashboard, metrics.
 *
 * @param host address literal
 * @param port 0 for any free one
 * @param socket Unix socket that serves the same, for programs of this host
 * @param tokenFile holds the bearer token that may do everything
 * @param readTokenFile holds the bearer token that may only look
 */
public record HttpConfig(
    String host,
    int port,
    Optional<Path> socket,
    Optional<Path> tokenFile,
    Optional<Path> readTokenFile) {

  static HttpConfig read(Section s) {
    HttpConfig http =
        new HttpConfig(
            s.read("host", "127.0.0.1", Kind.ADDRESS),
            s.read("port", "8080", Kind.PORT),
            s.read("socket", "", Kind.SOCKET_PATH.orNone()),
            s.read("token-file", "", Kind.PATH.orNone()),
            s.read("read-token-file", "", Kind.PATH.orNone()));
    s.end();
    return http;
  }
}

package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.net.SocketAddress;
import java.util.Optional;
import java.util.Set;

/** What all ways to another program have in common. */
final class Dialling {
  private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::");

  private Dialling() {}

  /**
   * A new connection, its I/O on the caller's event loop; UNAVAILABLE says why there is none.
   *
   * @param name of the host, which a certificate must carry
   * @param whom what to call it and its address
   */
  static Future<HttpClientConnection> connect(
      HttpClientAgent client, HostPort at, String name, boolean secure, String whom) {
    HttpConnectOptions to =
        new HttpConnectOptions()
            .setServer(SocketAddress.inetSocketAddress(at.port(), at.host()))
            .setHost(name)
            .setPort(at.port())
            .setSsl(secure);
    return client
        .connect(to)
        .recover(e -> Future.failedFuture(Fault.UNAVAILABLE.because(whom + ": " + reason(e), e)));
  }

  /** Has calls come from the address of a listener, unless that stands for any. */
  static void comeFrom(Optional<HostPort> listener, HttpClientOptions options) {
    listener
        .map(HostPort::host)
        .filter(host -> !WILDCARDS.contains(host))
        .ifPresent(options::setLocalAddress);
  }

  private static String reason(Throwable t) {
    Throwable root = t;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}

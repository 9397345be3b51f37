package dev.weft.rpc;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.net.SocketAddress;
import java.util.Map;

/** Opens HTTP/2 connections to other programs. */
public final class Http2Client {
  private final HttpClientAgent agent;
  private final Map<String, String> headers;

  /**
   * @param options from {@link GrpcSettings}
   * @param headers of every call
   */
  public Http2Client(Vertx vertx, HttpClientOptions options, Map<String, String> headers) {
    this.agent = vertx.createHttpClient(options);
    this.headers = headers;
  }

  /**
   * A new connection; UNAVAILABLE says why there is none.
   *
   * @param at a name or an address, and the port
   * @param name for which the peer's certificate must be, whatever the address is
   * @param whom the peer and its address, as messages name them
   * @param loop of the connection
   */
  public Future<Http2Connection> connect(HostPort at, String name, String whom, Loop loop) {
    HttpConnectOptions to =
        new HttpConnectOptions()
            .setServer(SocketAddress.inetSocketAddress(at.port(), at.host()))
            .setHost(name)
            .setPort(at.port());
    return loop.call(
        () ->
            agent
                .connect(to)
                .map(http -> new Http2Connection(http, headers, loop))
                .recover(
                    e ->
                        Future.failedFuture(
                            Fault.UNAVAILABLE.because(whom + ": " + reason(e), e))));
  }

  public Future<Void> close() {
    return agent.close();
  }

  private static String reason(Throwable t) {
    Throwable root = t;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return Reason.of(root);
  }
}

package dev.weft.dial;

import dev.weft.bus.Fault;
import dev.weft.config.GrpcConfig;
import dev.weft.config.HostPort;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.net.SocketAddress;
import java.util.Set;

/**
 * The way to foreign meshnet daemons: HTTP/2 in plain to port 51111, from the address that {@code
 * grpc.meshnet} names, by which such a daemon knows this node.
 */
public final class MeshnetDial {
  /** meshnet's port, which its daemon and plugin have built in. */
  private static final int PORT = 51111;

  private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::");

  private final HttpClientAgent client;

  public MeshnetDial(Vertx vertx, GrpcConfig config) {
    HttpClientOptions options = GrpcSettings.plainClient();
    config
        .meshnet()
        .map(HostPort::host)
        .filter(host -> !WILDCARDS.contains(host))
        .ifPresent(options::setLocalAddress);
    // A dead daemon is found by TCP: gRPC servers take frequent HTTP/2 pings for an attack.
    options.setTcpKeepAlive(true).setTcpUserTimeout(5000);
    this.client = vertx.createHttpClient(options);
  }

  /** A new connection, its I/O on the caller's event loop; UNAVAILABLE says why there is none. */
  public Future<HttpClientConnection> connect(String address) {
    HttpConnectOptions to =
        new HttpConnectOptions()
            .setServer(SocketAddress.inetSocketAddress(PORT, address))
            .setHost(address)
            .setPort(PORT)
            .setSsl(false);
    return client
        .connect(to)
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(
                        "meshnet daemon at "
                            + new HostPort(address, PORT)
                            + ": "
                            + DirectDial.reason(e),
                        e)));
  }

  public Future<Void> close() {
    return client.close();
  }
}

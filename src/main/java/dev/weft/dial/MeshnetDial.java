package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.config.GrpcConfig;
import dev.weft.rpc.GrpcSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;

/**
 * The way to foreign meshnet daemons: HTTP/2 in plain to port 51111, from the address that {@code
 * grpc.meshnet} names, by which such a daemon knows this node.
 */
public final class MeshnetDial {
  /** meshnet's port, which its daemon and plugin have built in. */
  private static final int PORT = 51111;

  private final HttpClientAgent client;

  public MeshnetDial(Vertx vertx, GrpcConfig config) {
    HttpClientOptions options = GrpcSettings.plainClient();
    Dialling.comeFrom(config.meshnet(), options);
    // A dead daemon is found by TCP: gRPC servers take frequent HTTP/2 pings for an attack.
    options.setTcpKeepAlive(true).setTcpUserTimeout(5000);
    this.client = vertx.createHttpClient(options);
  }

  /** A new connection, its I/O on the caller's event loop; UNAVAILABLE says why there is none. */
  public Future<HttpClientConnection> connect(String address) {
    HostPort at = new HostPort(address, PORT);
    return Dialling.connect(client, at, address, false, "meshnet daemon at " + at);
  }

  public Future<Void> close() {
    return client.close();
  }
}

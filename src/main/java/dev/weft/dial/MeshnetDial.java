package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.config.GrpcConfig;
import dev.weft.rpc.GrpcSettings;
import dev.weft.rpc.Http2Client;
import dev.weft.rpc.Loop;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import java.util.Map;

/**
 * Connections to foreign meshnet daemons: HTTP/2 without TLS to port 51111, from the address of
 * {@code grpc.meshnet}, by which such a daemon identifies this node. Nothing proves who answers.
 */
public final class MeshnetDial {
  /** meshnet's port, which is a constant in its daemon and plugin. */
  private static final int PORT = 51111;

  private static final int SILENT_MILLIS = 5000;

  private final Http2Client client;

  MeshnetDial(Vertx vertx, GrpcConfig config) {
    HttpClientOptions options = GrpcSettings.client();
    NodeListeners.sourceOf(config.meshnet()).ifPresent(options::setLocalAddress);
    // TCP detects a dead daemon: gRPC servers treat frequent HTTP/2 pings as an attack.
    options.setTcpKeepAlive(true).setTcpUserTimeout(SILENT_MILLIS);
    this.client = new Http2Client(vertx, options, Map.of());
  }

  /** A new connection; UNAVAILABLE says why there is none. */
  public Future<RpcConnection> connect(String address, Loop on) {
    HostPort at = new HostPort(address, PORT);
    return client.connect(at, address, "meshnet daemon at " + at, on).map(connection -> connection);
  }

  Future<Void> close() {
    return client.close();
  }
}

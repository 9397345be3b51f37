package dev.weft.rpc;

import dev.weft.address.HostPort;
import java.util.Map;

class Http2ConnectionTest extends ConnectionContract {
  /** Kept: Vert.x closes a client that nobody refers to any more, with its connections. */
  private final Http2Client client = new Http2Client(vertx, GrpcSettings.client(), Map.of());

  @Override
  RpcConnection connect() {
    int port = await(listener.listenLocally("127.0.0.1", 0));
    return await(client.connect(new HostPort("127.0.0.1", port), "127.0.0.1", "the peer", loop));
  }
}

package dev.weft.rpc;

import dev.weft.address.HostPort;
import java.util.Map;

class Http2ConnectionTest extends ConnectionContract {
  @Override
  RpcConnection connect() {
    int port = await(listener.listenLocally("127.0.0.1", 0));
    return await(
        new Http2Client(vertx, GrpcSettings.client(), Map.of())
            .connect(new HostPort("127.0.0.1", port), "127.0.0.1", "the peer", loop));
  }
}

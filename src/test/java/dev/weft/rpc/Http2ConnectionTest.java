package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.HostPort;
import io.vertx.core.Future;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class Http2ConnectionTest extends ConnectionContract {
  /** Kept: Vert.x closes a client that nobody refers to any more, with its connections. */
  private final Http2Client client = new Http2Client(vertx, GrpcSettings.client(), Map.of());

  @Override
  RpcConnection connect() {
    return connect(client);
  }

  private RpcConnection connect(Http2Client client) {
    int port = await(listener.listenLocally("127.0.0.1", 0));
    return await(client.connect(new HostPort("127.0.0.1", port), "127.0.0.1", "the peer", loop));
  }

  @Test
  void shouldRefuseAStreamWhoseLegCannotBeRead() {
    Http2Client odd = new Http2Client(vertx, GrpcSettings.client(), Map.of(Leg.HEADER, "first"));

    Future<Void> ended = connect(odd).stream(NOBODY, Optional.empty()).compose(OutStream::ended);

    assertThatThrownBy(() -> await(ended.timeout(5, TimeUnit.SECONDS)))
        .hasMessageContaining("weft-stream: first (expected:");
    await(odd.close());
  }
}

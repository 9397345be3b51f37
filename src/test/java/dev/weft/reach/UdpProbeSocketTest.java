package dev.weft.reach;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UdpProbeSocketTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));

  @AfterEach
  void close() {
    vertx.close().await();
  }

  @Test
  void shouldCloseWhileItReadsAlthoughItsDescriptorIsAnothersAtOnce() throws Exception {
    Loop loop = Loop.of(vertx);
    BlockingQueue<DatagramChannel> others = new LinkedBlockingQueue<>();
    UdpProbeSocket socket =
        UdpProbeSocket.open(
                loop,
                ANY,
                (at, from, datagram) -> {
                  at.close();
                  others.add(blocking());
                })
            .await();

    socket.send(socket.address(), new byte[1]);

    try (DatagramChannel other = others.poll(10, TimeUnit.SECONDS)) {
      assertThat(other).as("the other, opened when the datagram arrived").isNotNull();
      try {
        loop.call(Future::succeededFuture).await(10, TimeUnit.SECONDS);
      } finally {
        // A loop that reads this one goes on.
        for (int i = 0; i < 16; i++) {
          other.send(ByteBuffer.allocate(1), other.getLocalAddress());
        }
      }
    }
  }

  /** It has the lowest number that is free. */
  private static DatagramChannel blocking() {
    try {
      return DatagramChannel.open().bind(ANY);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.weft.rpc.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.HashSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pump whose pipe lives on another loop, which is this test's thread. */
@Timeout(20)
class PumpBetweenLoopsTest {
  private final EventLoopGroup sockets =
      new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
  private final EventLoopGroup peers =
      new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
  private final SocketPump pump =
      new SocketPump(new PipeTraffic("pump", System::nanoTime), new HashSet<>());
  private final HeldPipe pipe = new HeldPipe();
  private Channel socket;

  /** Becomes paused only after the socket's loop has done all that it was given. */
  private final class HeldPipe implements PipeEnd {
    private final CountDownLatch pausing = new CountDownLatch(1);
    private volatile Reader reader;
    private volatile boolean paused;

    @Override
    public void read(Reader to) {
      reader = to;
    }

    @Override
    public void pause() {
      pausing.countDown();
      awaitSocketLoop();
      paused = true;
    }

    @Override
    public void resume() {
      paused = false;
    }

    @Override
    public void write(Buffer bytes) {
      throw new AssertionError("nothing is written");
    }

    @Override
    public boolean isFull() {
      return false;
    }

    @Override
    public void onDrained(Runnable work) {
      throw new AssertionError("never full");
    }

    @Override
    public Future<Void> end() {
      return Future.succeededFuture();
    }

    @Override
    public void close(String reason) {}
  }

  private void awaitSocketLoop() {
    socket.eventLoop().submit(() -> {}).syncUninterruptibly();
  }

  @AfterEach
  void stop() {
    sockets.shutdownGracefully().awaitUninterruptibly();
    peers.shutdownGracefully().awaitUninterruptibly();
  }

  private void connect() throws Exception {
    LocalAddress at = new LocalAddress("pump");
    new ServerBootstrap()
        .group(peers)
        .channel(LocalServerChannel.class)
        .childHandler(new ChannelInboundHandlerAdapter())
        .bind(at)
        .sync();
    socket =
        new Bootstrap()
            .group(sockets)
            .channel(LocalChannel.class)
            .handler(pump)
            .connect(at)
            .sync()
            .channel();
    socket.eventLoop().submit(() -> pump.begin(pipe)).sync();
  }

  @Test
  void shouldReadOnIfTheSocketCatchesUpWhileThePipeIsBeingPaused() throws Exception {
    connect();
    var unused =
        socket
            .eventLoop()
            .submit(
                () -> {
                  pipe.pausing.await();
                  return null;
                });

    pipe.reader.onBytes(Buffer.buffer(new byte[200 << 10]));
    pipe.reader.onBytes(Buffer.buffer(new byte[100 << 10]));

    awaitSocketLoop();
    assertThat(pipe.pausing.getCount()).as("it was paused").isZero();
    assertThat(pipe.paused).isFalse();
  }
}

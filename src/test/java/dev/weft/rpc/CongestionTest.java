package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over the loopback, which is near. */
class CongestionTest {
  private static final int NEAR_MICROS = 1_000_000;
  private static final int MEGABYTE = 1 << 20;

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private EpollSocketChannel tcp;

  @BeforeEach
  void connect() throws InterruptedException {
    Channel server =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerSocketChannel.class)
            .childHandler(new Drain())
            .bind(InetAddress.getLoopbackAddress(), 0)
            .sync()
            .channel();
    tcp =
        (EpollSocketChannel)
            new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .handler(new ChannelInboundHandlerAdapter())
                .connect((InetSocketAddress) server.localAddress())
                .sync()
                .channel();
  }

  @AfterEach
  void close() throws InterruptedException {
    loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
  }

  /** What the connection has after it sent a megabyte in a second. */
  private String after(String algorithm, long leastBytesPerSecond, int mostRttMicros)
      throws Exception {
    long second = TimeUnit.SECONDS.toNanos(1);
    Congestion congestion =
        onLoop(
            () -> {
              Congestion.set(tcp, algorithm);
              Congestion made = new Congestion(tcp, leastBytesPerSecond, mostRttMicros);
              made.check(second);
              return made;
            });
    tcp.writeAndFlush(tcp.alloc().buffer(MEGABYTE).writeZero(MEGABYTE)).sync();
    await().until(() -> tcp.tcpInfo().unacked() == 0);
    return onLoop(
        () -> {
          congestion.check(2 * second);
          return Congestion.algorithm(tcp);
        });
  }

  private <T> T onLoop(Callable<T> call) throws Exception {
    return tcp.eventLoop().submit(call).get();
  }

  @Test
  void shouldTakeBbrFromAFastConnectionToANearPeer() throws Exception {
    assertThat(after("bbr", MEGABYTE / 2, NEAR_MICROS)).isEqualTo("reno");
  }

  @Test
  void shouldLeaveASlowConnectionItsCongestionControl() throws Exception {
    assertThat(after("bbr", 2 * MEGABYTE, NEAR_MICROS)).isEqualTo("bbr");
  }

  @Test
  void shouldLeaveAFarPeerItsCongestionControl() throws Exception {
    assertThat(after("bbr", MEGABYTE / 2, 0)).isEqualTo("bbr");
  }

  @Test
  void shouldLeaveWhatIsNotBbr() throws Exception {
    assertThat(after("cubic", MEGABYTE / 2, NEAR_MICROS)).isEqualTo("cubic");
  }

  /** Reads and drops. */
  private static final class Drain extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
      ((ByteBuf) read).release();
    }
  }
}

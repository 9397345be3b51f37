package dev.weft.proxy.utp;

import dev.weft.linux.Netns;
import dev.weft.rpc.Loop;
import dev.weft.testkit.TestNetns;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.vertx.core.Future;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Writes a known sequence of bytes as fast as they are taken, and checks what it reads. */
final class BulkEnd extends ChannelInboundHandlerAdapter {
  private static final int PART = 64 << 10;

  volatile Channel channel;
  volatile boolean active;
  volatile boolean ended;
  volatile boolean inactive;
  volatile boolean wrong;
  volatile long got;
  volatile long written;
  volatile Throwable failure;
  private long toWrite = -1;
  private long out;
  private long in;
  private final byte[] sample = new byte[PART + 256];

  BulkEnd() {
    for (int i = 0; i < sample.length; i++) {
      sample[i] = (byte) i;
    }
  }

  /** A socket in a namespace, each connection to which gets such an end. */
  static UtpSocket socket(TestNetns in, Loop on, InetSocketAddress at, Consumer<BulkEnd> accepted)
      throws Exception {
    try (Netns inside = in.open()) {
      // The calling thread's namespace is the socket's.
      return inside
          .call(() -> socket(on, at, accepted))
          .toCompletionStage()
          .toCompletableFuture()
          .get(20, TimeUnit.SECONDS);
    }
  }

  /** The same in the namespace of the calling thread. */
  static Future<UtpSocket> socket(Loop on, InetSocketAddress at, Consumer<BulkEnd> accepted) {
    return UtpSocket.open(
        on,
        at,
        Optional.of(
            channel -> {
              BulkEnd end = new BulkEnd();
              accepted.accept(end);
              channel.pipeline().addLast(end);
            }),
        new UtpCounters());
  }

  /** Writes so many bytes, then ends; from any thread. */
  void send(long bytes) {
    channel
        .eventLoop()
        .execute(
            () -> {
              toWrite = bytes;
              write();
            });
  }

  private void write() {
    while (toWrite >= 0 && channel.isWritable() && out < toWrite) {
      int part = (int) Math.min(PART, toWrite - out);
      var unused = channel.writeAndFlush(Unpooled.wrappedBuffer(sample, (int) (out & 255), part));
      out += part;
      written = out;
    }
    if (toWrite >= 0 && out >= toWrite && channel.isActive()) {
      toWrite = -1;
      channel
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(
              done -> {
                var unused = ((DuplexChannel) channel).shutdownOutput();
              });
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx.channel();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    active = true;
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    inactive = true;
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    write();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    int length = bytes.readableBytes();
    for (int i = 0; i < length; i++) {
      wrong |= bytes.getByte(bytes.readerIndex() + i) != (byte) (in + i);
    }
    in += length;
    got = in;
    bytes.release();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    ended = true;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    failure = cause;
  }
}

package dev.weft.proxy.utp;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Lets a tenth of the datagrams of a socket, both ways, be overtaken by others. */
final class LateDatagrams extends ChannelDuplexHandler {
  private static final double PART = 0.1;
  private static final int MOST_MICROS = 3000;

  private final Random random = new Random(29);
  private final EventLoop loop;

  LateDatagrams(EventLoop loop) {
    this.loop = loop;
  }

  private boolean isLate() {
    return random.nextDouble() < PART;
  }

  private void later(Runnable work) {
    var unused = loop.schedule(work, random.nextInt(MOST_MICROS), TimeUnit.MICROSECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (isLate()) {
      later(
          () -> {
            ctx.fireChannelRead(message);
            ctx.fireChannelReadComplete();
          });
    } else {
      ctx.fireChannelRead(message);
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (isLate()) {
      later(
          () -> {
            var unused = ctx.writeAndFlush(message, promise);
          });
    } else {
      var unused = ctx.write(message, promise);
    }
  }
}

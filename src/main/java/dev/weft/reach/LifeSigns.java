package dev.weft.reach;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicDatagramExtensionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Keeps a connection of streams alive on which nothing happens: the end that dialled sends a QUIC
 * datagram (RFC 9221) of one byte now and then, which the other end acknowledges and forgets. So a
 * connection lives as long as there is a way, and ends {@link QuicSettings#IDLE_SECONDS} after.
 */
final class LifeSigns extends ChannelInboundHandlerAdapter {
  private static final int EACH_SECONDS = 4;

  private final boolean dialled;
  private ScheduledFuture<?> next;

  LifeSigns(boolean dialled) {
    this.dialled = dialled;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof QuicDatagramExtensionEvent)) {
      ctx.fireUserEventTriggered(event);
    } else if (dialled && next == null) {
      next =
          ctx.executor()
              .scheduleWithFixedDelay(
                  () -> sign(ctx), EACH_SECONDS, EACH_SECONDS, TimeUnit.SECONDS);
    }
  }

  private static void sign(ChannelHandlerContext ctx) {
    var unused = ctx.channel().writeAndFlush(Unpooled.directBuffer(1).writeByte(0));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof ByteBuf) {
      ReferenceCountUtil.release(message);
    } else {
      ctx.fireChannelRead(message);
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (next != null) {
      next.cancel(false);
    }
  }
}

package dev.weft.proxy.utp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.Promise;
import java.util.concurrent.TimeUnit;

/**
 * A connection whose only use is that it stands. The end that dialled sends a byte every few
 * seconds, the other one sends it back.
 */
final class UtpEcho extends ChannelInboundHandlerAdapter {
  private static final int PAUSE_SECONDS = 5;

  /** Without a byte, until the other end counts as gone. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private final boolean asks;
  private final Promise<Void> lost = Promise.promise();
  private ScheduledFuture<?> asking;
  private ChannelHandlerContext ctx;
  private long heardAt = System.nanoTime();

  /**
   * @param asks whether this end has dialled
   */
  UtpEcho(boolean asks) {
    this.asks = asks;
  }

  /** Fails with the reason when the connection has ended. */
  io.vertx.core.Future<Void> lost() {
    return lost.future();
  }

  /** The other end is known: begins. */
  void begin() {
    heardAt = System.nanoTime();
    asking =
        ctx.executor()
            .scheduleAtFixedRate(this::look, PAUSE_SECONDS, PAUSE_SECONDS, TimeUnit.SECONDS);
  }

  private void look() {
    if (System.nanoTime() - heardAt > PATIENCE) {
      end("nothing heard for " + PATIENCE / 1_000_000_000 + " s");
    } else if (asks && ctx.channel().isWritable()) {
      var unused = ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]));
    }
  }

  void end(String reason) {
    lost.tryFail(reason);
    var unused = ctx.close();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    ctx = added;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext removed) {
    if (asking != null) {
      asking.cancel(false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext same, Object message) {
    heardAt = System.nanoTime();
    if (asks) {
      ((ByteBuf) message).release();
    } else if (ctx.channel().isWritable()) {
      var unused = ctx.writeAndFlush(message);
    } else {
      ((ByteBuf) message).release();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext same, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      end("the other end has closed");
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext same, Throwable cause) {
    end(String.valueOf(cause.getMessage()));
  }

  @Override
  public void channelInactive(ChannelHandlerContext same) {
    end("the connection was closed");
  }
}

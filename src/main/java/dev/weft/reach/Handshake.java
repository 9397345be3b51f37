package dev.weft.reach;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts a connection among those that were begun until it is established or gone. */
final class Handshake extends ChannelInboundHandlerAdapter {
  private final AtomicInteger begun;

  Handshake(AtomicInteger begun) {
    this.begun = begun;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    ctx.fireUserEventTriggered(event);
    if (event instanceof SslHandshakeCompletionEvent) {
      ctx.pipeline().remove(this);
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    begun.decrementAndGet();
  }
}

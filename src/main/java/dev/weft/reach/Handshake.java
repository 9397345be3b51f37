package dev.weft.reach;

import dev.weft.bus.Reason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts a connection among those that were begun until it is established or gone. What fails till
 * then ends the connection, and is nothing that a log should tell of each stranger.
 */
final class Handshake extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(Handshake.class);

  private final AtomicInteger begun;

  Handshake(AtomicInteger begun) {
    this.begun = begun;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    ctx.fireUserEventTriggered(event);
    if (event instanceof SslHandshakeCompletionEvent shaken && shaken.isSuccess()) {
      ctx.pipeline().remove(this);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("A handshake failed: {}", Reason.of(cause));
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    begun.decrementAndGet();
  }
}

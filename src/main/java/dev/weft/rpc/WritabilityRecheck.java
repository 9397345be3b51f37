package dev.weft.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.concurrent.TimeUnit;

/**
 * Keeps streams of HTTP/2 from standing still for ever. Below TLS the event that a channel is full
 * comes later than the fact, and often only when the channel has room again: to Netty's flow
 * controller (4.2.18, {@code ListenerWritabilityMonitor}) nothing has changed then, but a stream
 * whose window was updated in between was told that it must not write, and is told no more. Here it
 * looks at all streams again when a channel has room that had room before.
 */
final class WritabilityRecheck extends ChannelInboundHandlerAdapter {
  /** A look at all streams costs something, and under load a channel is full many times in one. */
  private static final long PAUSE_MILLIS = 1;

  private final Http2RemoteFlowController streams;
  private boolean writable = true;

  /** Whether a look is to come. */
  private boolean due;

  private WritabilityRecheck(Http2RemoteFlowController streams) {
    this.streams = streams;
  }

  /** For the connection of a server, on its loop. */
  static void add(HttpConnection connection) {
    add(((ConnectionBase) connection).channel().pipeline());
  }

  /** For a channel, on its loop; nothing if it does not speak HTTP/2. */
  static void add(ChannelPipeline pipeline) {
    Http2ConnectionHandler http = pipeline.get(Http2ConnectionHandler.class);
    if (http != null) {
      // Behind it, so that it has had the event.
      pipeline.addLast(new WritabilityRecheck(http.encoder().flowController()));
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    boolean before = writable;
    writable = ctx.channel().isWritable();
    if (before && writable && !due) {
      due = true;
      var unused = ctx.executor().schedule(() -> recheck(ctx), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }
    ctx.fireChannelWritabilityChanged();
  }

  private void recheck(ChannelHandlerContext ctx) {
    due = false;
    try {
      // The same size again: no window changes, but each stream is told what it is.
      streams.initialWindowSize(streams.initialWindowSize());
    } catch (Http2Exception e) {
      ctx.fireExceptionCaught(e);
    }
  }
}

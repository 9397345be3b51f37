package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Gives the bodies of chosen calls to their readers where Netty read them; Vert.x copies each DATA
 * frame to the heap first. One per connection, on the connection's event loop.
 */
final class DataFrames extends Http2FrameListenerDecorator {
  /** Who takes a body. */
  interface Body {
    /**
     * More of the body; the buffer is the caller's.
     *
     * @return whether these bytes count as consumed for HTTP/2's windows; if not, {@link #consumed}
     *     tells it later
     */
    boolean onData(ByteBuf data);

    /** All that the connection held was given; also called before another body's data is. */
    void onPause();
  }

  private static final AttributeKey<DataFrames> OF_CHANNEL =
      AttributeKey.valueOf(DataFrames.class.getName());

  private final ChannelHandlerContext http2;
  private final Http2Connection connection;
  private final IntObjectMap<Body> bodies = new IntObjectHashMap<>();
  private Body last;

  private DataFrames(ChannelHandlerContext http2, Http2ConnectionHandler handler) {
    super(handler.decoder().frameListener());
    this.http2 = http2;
    this.connection = handler.connection();
  }

  /**
   * Gives the request's body to a taker from now on, instead of the request's own handler; its end
   * and its failure are still told by the request. To be called while the request is handled first.
   *
   * @param request an HTTP/2 one
   * @return to be told what is consumed
   */
  static DataFrames give(HttpServerRequest request, Body body) {
    ChannelHandlerContext http2 = ((ConnectionBase) request.connection()).channelHandlerContext();
    DataFrames frames = http2.channel().attr(OF_CHANNEL).get();
    if (frames == null) {
      frames = install(http2);
    }
    frames.bodies.put(request.response().streamId(), body);
    return frames;
  }

  private static DataFrames install(ChannelHandlerContext http2) {
    Http2ConnectionHandler handler = (Http2ConnectionHandler) http2.handler();
    DataFrames frames = new DataFrames(http2, handler);
    handler.decoder().frameListener(frames);
    handler.connection().addListener(frames.new Closed());
    // Netty's HTTP/2 handler passes no read-complete on, so it is caught before it.
    http2.pipeline().addBefore(http2.name(), null, frames.new Pauses());
    http2.channel().attr(OF_CHANNEL).set(frames);
    return frames;
  }

  /** Bytes of a stream that were held back are consumed now. */
  void consumed(int stream, int bytes) {
    Http2Stream open = connection.stream(stream);
    if (open == null || bytes == 0) {
      return;
    }
    try {
      if (connection.local().flowController().consumeBytes(open, bytes)) {
        http2.flush();
      }
    } catch (Http2Exception e) {
      http2.fireExceptionCaught(e);
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext http2, int stream, ByteBuf data, int padding, boolean end)
      throws Http2Exception {
    Body body = bodies.get(stream);
    if (body == null) {
      return super.onDataRead(http2, stream, data, padding, end);
    }
    if (body != last) {
      pause();
      last = body;
    }
    int bytes = data.readableBytes();
    boolean consumed = body.onData(data);
    if (end) {
      super.onDataRead(http2, stream, Unpooled.EMPTY_BUFFER, 0, true);
    }
    return padding + (consumed ? bytes : 0);
  }

  private void pause() {
    if (last != null) {
      last.onPause();
      last = null;
    }
  }

  private final class Closed extends Http2ConnectionAdapter {
    @Override
    public void onStreamClosed(Http2Stream stream) {
      bodies.remove(stream.id());
    }
  }

  private final class Pauses extends ChannelInboundHandlerAdapter {
    @Override
    public void channelReadComplete(ChannelHandlerContext before) {
      pause();
      before.fireChannelReadComplete();
    }

    @Override
    public void channelInactive(ChannelHandlerContext before) {
      pause();
      before.fireChannelInactive();
    }
  }
}

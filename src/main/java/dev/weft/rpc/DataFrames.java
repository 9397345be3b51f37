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
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Hands the bodies of chosen requests to their readers in the buffers into which Netty read them;
 * Vert.x would copy each DATA frame to the heap first. One per connection, on the connection's
 * event loop.
 */
final class DataFrames extends Http2FrameListenerDecorator {
  /** Reads the body of one request. */
  interface Body {
    /**
     * More of the body; the buffer is the caller's and valid only during the call.
     *
     * @return whether the bytes are consumed, so that HTTP/2 lets the sender send as many more; if
     *     not, {@link #consumed} is called once they are
     */
    boolean onData(ByteBuf data);

    /** All data that was read is handed over, or data of another body follows. */
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
   * Hands the body of a request to this reader from now on, instead of to the request's own
   * handler; the request still reports its end and its failure. To be called by the server's
   * request handler before it returns.
   *
   * @param request over HTTP/2
   * @return where consumed bytes are to be reported
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
    // Netty's HTTP/2 handler passes no read-complete on, so the event is caught before that
    // handler.
    http2.pipeline().addBefore(http2.name(), null, frames.new Pauses());
    http2.channel().attr(OF_CHANNEL).set(frames);
    SslHandler tls = http2.pipeline().get(SslHandler.class);
    StreamMemory.begin(http2.channel(), tls == null ? handler : tls);
    return frames;
  }

  /** Reports that bytes of a stream which were not consumed at first are consumed now. */
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

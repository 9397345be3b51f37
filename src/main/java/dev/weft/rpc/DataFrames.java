package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Gives the bodies of chosen calls to their readers where Netty read them; Vert.x copies each DATA
 * frame to the heap first. One per connection, on the connection's event loop. Bytes count as
 * consumed, for HTTP/2's windows, when they were given.
 */
public final class DataFrames extends Http2FrameListenerDecorator {
  /** Who reads a body. */
  public interface Reader {
    /** More of the body; the buffer is the caller's and valid only during the call. */
    void onData(ByteBuf data);

    /** All that the connection held was given; also called before another body's data is. */
    void onPause();
  }

  private static final AttributeKey<DataFrames> OF_CHANNEL =
      AttributeKey.valueOf(DataFrames.class.getName());

  private final IntObjectMap<Reader> readers = new IntObjectHashMap<>();
  private Reader last;

  private DataFrames(Http2FrameListener others) {
    super(others);
  }

  /**
   * Gives the request's body to a reader from now on, instead of the request's own handler; its end
   * and its failure are still told by the request. To be called while the request is handled first.
   *
   * @param request an HTTP/2 one
   */
  public static void read(HttpServerRequest request, Reader reader) {
    ChannelHandlerContext http2 = ((ConnectionBase) request.connection()).channelHandlerContext();
    DataFrames frames = http2.channel().attr(OF_CHANNEL).get();
    if (frames == null) {
      frames = install(http2);
    }
    frames.readers.put(request.response().streamId(), reader);
  }

  private static DataFrames install(ChannelHandlerContext http2) {
    Http2ConnectionHandler handler = (Http2ConnectionHandler) http2.handler();
    DataFrames frames = new DataFrames(handler.decoder().frameListener());
    handler.decoder().frameListener(frames);
    handler.connection().addListener(frames.new Closed());
    // Netty's HTTP/2 handler passes no read-complete on, so it is caught before it.
    http2.pipeline().addBefore(http2.name(), null, frames.new Pauses());
    http2.channel().attr(OF_CHANNEL).set(frames);
    return frames;
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext http2, int stream, ByteBuf data, int padding, boolean end)
      throws Http2Exception {
    Reader reader = readers.get(stream);
    if (reader == null) {
      return super.onDataRead(http2, stream, data, padding, end);
    }
    if (reader != last) {
      pause();
      last = reader;
    }
    int bytes = data.readableBytes();
    reader.onData(data);
    if (end) {
      super.onDataRead(http2, stream, Unpooled.EMPTY_BUFFER, 0, true);
    }
    return bytes + padding;
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
      readers.remove(stream.id());
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

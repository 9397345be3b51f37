package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** Serves the streams that come in over one QUIC connection. On its loop. */
final class QuicServing extends ChannelInboundHandlerAdapter {
  /**
   * Streams of a connection that may be broken off: Netty keeps something of each for as long as
   * the connection lives. Weft's own end by FIN.
   */
  private static final int MAX_BROKEN = 1000;

  private final GrpcListener listener;
  private final Loop loop;
  private final Supplier<Caller> callers;
  private QuicChannel connection;
  private Caller caller;
  private int broken;

  /**
   * @param callers asked once the peer has proved who it is; may throw a WeftException
   */
  QuicServing(GrpcListener listener, Loop loop, Supplier<Caller> callers) {
    this.listener = listener;
    this.loop = loop;
    this.callers = callers;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    connection = (QuicChannel) ctx.channel();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof QuicStreamChannel stream
        && stream.type() == QuicStreamType.BIDIRECTIONAL) {
      stream.pipeline().addLast(new QuicIncoming(this));
      var unused = ctx.channel().eventLoop().register(stream);
    } else if (message instanceof QuicStreamChannel) {
      close("a unidirectional stream (expected: bidirectional ones)");
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  GrpcListener listener() {
    return listener;
  }

  Loop loop() {
    return loop;
  }

  /** Who is at the other end. */
  Caller caller() {
    if (caller == null) {
      caller = callers.get();
    }
    return caller;
  }

  /** The peer broke a stream off. */
  void onBroken() {
    broken++;
    if (broken == MAX_BROKEN) {
      close(Fault.EXHAUSTED + ": " + MAX_BROKEN + " streams were broken off");
    }
  }

  private void close(String reason) {
    var unused = connection.close(true, 0, Unpooled.copiedBuffer(reason, StandardCharsets.UTF_8));
  }
}

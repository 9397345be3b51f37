package dev.weft.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.quic.QuicStreamChannel;

/**
 * Reads one direction of a QUIC stream (rpc.proto): a head, which is 2 bytes of length, big-endian,
 * and a message, and then whatever the message announces. A head that cannot be read breaks the
 * stream off, and all that still comes is dropped.
 */
abstract class QuicReader extends ChannelInboundHandlerAdapter {
  /** Bytes of a head without its length. */
  static final int MAX_HEAD = 4096;

  private static final int LENGTH = 2;

  private final byte[] length = new byte[LENGTH];

  /** Null until the length is known. */
  private byte[] head;

  private int filled;
  private QuicStreamChannel stream;
  private InStream.Reader body;
  private boolean over;

  /**
   * The head has come.
   *
   * @return reads what follows; a WeftException or a broken message ends the reading
   */
  abstract InStream.Reader opened(byte[] head) throws InvalidProtocolBufferException;

  /** There was no head, or a wrong one; nothing more is read. */
  abstract void broken(Throwable why);

  final QuicStreamChannel stream() {
    return stream;
  }

  /** A head, for the other end's reader. */
  static ByteBuf head(QuicStreamChannel stream, MessageLite message, int more) {
    byte[] bytes = message.toByteArray();
    return stream
        .alloc()
        .directBuffer(LENGTH + bytes.length + more)
        .writeShort(bytes.length)
        .writeBytes(bytes);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    stream = (QuicStreamChannel) ctx.channel();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf data = (ByteBuf) message;
    try {
      if (body == null && !over) {
        onHead(data);
      }
      if (body != null && !over && data.isReadable()) {
        body.onData(data);
      }
    } finally {
      data.release();
    }
  }

  private void onHead(ByteBuf data) {
    if (head == null) {
      fill(length, data);
      if (filled < LENGTH) {
        return;
      }
      int bytes = (length[0] & 0xff) << 8 | (length[1] & 0xff);
      if (bytes > MAX_HEAD) {
        fail(Fault.invalid("head of a stream", bytes + " bytes", "up to " + MAX_HEAD));
        return;
      }
      head = new byte[bytes];
      filled = 0;
    }
    fill(head, data);
    if (filled < head.length) {
      return;
    }
    try {
      body = opened(head);
    } catch (InvalidProtocolBufferException e) {
      fail(Fault.INVALID.because("head of a stream: " + e.getMessage(), e));
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  private void fill(byte[] part, ByteBuf data) {
    int bytes = Math.min(part.length - filled, data.readableBytes());
    data.readBytes(part, filled, bytes);
    filled += bytes;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (body != null && !over) {
      body.onPause();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event != ChannelInputShutdownReadComplete.INSTANCE || over) {
      return;
    }
    if (body == null) {
      fail(Fault.INVALID.because("the stream ended inside its head"));
    } else {
      over = true;
      body.onEnd();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(Fault.UNAVAILABLE.because("the stream was broken off: " + Reason.of(cause), cause));
    var unused = ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(Fault.UNAVAILABLE.because("the connection was lost"));
  }

  final void fail(Throwable why) {
    if (over) {
      return;
    }
    over = true;
    if (body == null) {
      broken(why);
    } else {
      body.onFailed(why);
    }
  }
}

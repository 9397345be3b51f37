package dev.weft.mesh.link.kind;

import dev.weft.bus.Reason;
import dev.weft.rpc.Loop;
import dev.weft.rpc.socket.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayDeque;
import java.util.Deque;
import javax.net.ssl.SSLException;

/** The bytes of a connected channel: its last handler. */
final class ChannelBytes extends ChannelInboundHandlerAdapter implements ByteStream {
  private final Loop loop;
  private ChannelHandlerContext channel;
  private Reader reader;
  private final Deque<ByteBuf> early = new ArrayDeque<>();
  private int unsent;
  private boolean closing;
  private String failure = "closed by the other end";

  ChannelBytes(Loop loop) {
    this.loop = loop;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public void read(Reader to) {
    reader = to;
    // Not from within the call: the caller may not be ready for what it gets.
    loop.netty().execute(this::begin);
  }

  private void begin() {
    boolean any = !early.isEmpty();
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      give(bytes);
    }
    if (any && !closing) {
      reader.onPause();
    }
    if (closing) {
      return;
    }
    if (channel.channel().isActive()) {
      channel.channel().config().setAutoRead(true);
    } else {
      end();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (reader != null && early.isEmpty()) {
      give(bytes);
    } else if (closing) {
      bytes.release();
    } else {
      early.add(bytes);
      ctx.channel().config().setAutoRead(false);
    }
  }

  private void give(ByteBuf bytes) {
    try {
      if (!closing) {
        reader.onBytes(bytes);
      }
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (reader != null && early.isEmpty() && !closing) {
      reader.onPause();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    // Before read() has begun, begin() tells it.
    if (reader != null && early.isEmpty()) {
      end();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // Netty's decoders wrap what they throw.
    failure =
        cause instanceof SSLException || cause.getCause() instanceof SSLException
            ? LinkTls.reason(cause)
            : Reason.of(cause);
    Sockets.close(ctx.channel());
  }

  private void end() {
    if (!closing) {
      closing = true;
      reader.onEnd(failure);
    }
  }

  @Override
  public void write(ByteBuf bytes) {
    int length = bytes.readableBytes();
    unsent += length;
    channel.writeAndFlush(bytes).addListener(written -> unsent -= length);
  }

  @Override
  public int unsent() {
    return unsent;
  }

  @Override
  public void close() {
    closing = true;
    early.forEach(ByteBuf::release);
    early.clear();
    Sockets.close(channel.channel());
  }
}

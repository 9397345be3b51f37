package dev.weft.rpc.socket;

import dev.weft.rpc.Buffers;
import dev.weft.rpc.Loop;
import dev.weft.rpc.Pipe;
import dev.weft.rpc.PipeSink;
import dev.weft.rpc.PipeSource;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;

/** A channel whose directions end by themselves, as a pipe; the channel's last handler. */
public final class ChannelPipe extends ChannelInboundHandlerAdapter {
  private final In in;
  private final Out out;
  private DuplexChannel channel;

  /**
   * @param loop the channel's
   */
  public ChannelPipe(Loop loop) {
    this.in = new In(loop);
    this.out = new Out(loop);
  }

  public Pipe pipe() {
    return new Pipe(in, out);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = (DuplexChannel) ctx.channel();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    in.arrived(bytes);
    bytes.release();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      in.ended();
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    failed(cause);
    var unused = ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (!in.isEnded() || !channel.isOutputShutdown()) {
      failed(new IOException("the connection was closed"));
    }
    ctx.fireChannelInactive();
  }

  private void failed(Throwable why) {
    in.failed(why);
    out.failed(why);
  }

  private final class In extends PipeSource {
    In(Loop loop) {
      super(loop);
    }

    @Override
    protected Channel channel() {
      return channel;
    }

    private void arrived(ByteBuf bytes) {
      data(Buffers.copy(bytes));
    }

    private void ended() {
      end();
    }

    private boolean isEnded() {
      return hasEnded();
    }

    /** What has ended before is whole. */
    private void failed(Throwable why) {
      if (!hasEnded()) {
        fail(why);
      }
    }
  }

  private final class Out extends PipeSink {
    Out(Loop loop) {
      super(loop);
    }

    @Override
    protected ChannelFuture give(ByteBuf bytes) {
      return channel.writeAndFlush(bytes);
    }

    @Override
    protected ChannelFuture finish() {
      ChannelPromise ended = channel.newPromise();
      channel
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(
              (ChannelFuture written) -> {
                if (written.isSuccess()) {
                  var unused = channel.shutdownOutput(ended);
                } else {
                  ended.setFailure(written.cause());
                }
              });
      return ended;
    }

    private void failed(Throwable why) {
      fail(why);
    }
  }
}

package dev.weft.rpc.socket;

import dev.weft.rpc.Loop;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Gives each accepted connection a loop: the handler of a listening channel. */
public final class Acceptor extends ChannelInboundHandlerAdapter {
  private final Supplier<Loop> loops;
  private final BiConsumer<Channel, Loop> accepted;

  /**
   * @param accepted called before the channel is registered with its loop; adds its handlers
   */
  public Acceptor(Supplier<Loop> loops, BiConsumer<Channel, Loop> accepted) {
    this.loops = loops;
    this.accepted = accepted;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Channel channel = (Channel) message;
    Loop loop = loops.get();
    accepted.accept(channel, loop);
    loop.netty()
        .register(channel)
        .addListener(
            registered -> {
              if (!registered.isSuccess()) {
                channel.unsafe().closeForcibly();
              }
            });
  }

  /** Without descriptors to accept with (EMFILE), the next try can wait. */
  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ChannelConfig config = ctx.channel().config();
    if (config.isAutoRead()) {
      config.setAutoRead(false);
      var unused = ctx.executor().schedule(() -> config.setAutoRead(true), 1, TimeUnit.SECONDS);
    }
  }
}

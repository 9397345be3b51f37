package dev.weft.mesh.link.kind;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Does something when its channel has become active, and leaves the pipeline. */
final class OnceActive extends ChannelInboundHandlerAdapter {
  private final Runnable then;

  OnceActive(Runnable then) {
    this.then = then;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    ctx.fireChannelActive();
    ctx.pipeline().remove(this);
    then.run();
  }
}

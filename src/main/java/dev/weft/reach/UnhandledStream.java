package dev.weft.reach;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** What Netty puts into each stream that the other end opens; whoever has the connection does. */
@ChannelHandler.Sharable
final class UnhandledStream extends ChannelInboundHandlerAdapter {}

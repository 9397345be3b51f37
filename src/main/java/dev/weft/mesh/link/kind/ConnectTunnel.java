package dev.weft.mesh.link.kind;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.rpc.socket.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks an HTTP proxy for a tunnel with CONNECT (RFC 9110 section 9.3.6), and leaves the pipeline
 * when it stands.
 */
final class ConnectTunnel extends ChannelInboundHandlerAdapter {
  private static final int MAX_ANSWER = 16 << 10;
  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] (\\d{3})( [^\r\n]*)?");

  private final HostPort proxy;
  private final HostPort to;
  private final Promise<Void> established = Promise.promise();
  private ByteBuf answer;
  private ScheduledFuture<?> timeout;

  ConnectTunnel(HostPort proxy, HostPort to) {
    this.proxy = proxy;
    this.to = to;
  }

  /** Fails with UNAVAILABLE, naming the proxy and its status line. */
  Future<Void> established() {
    return established.future();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    answer = ctx.alloc().buffer();
    String request =
        "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\nProxy-Connection: keep-alive\r\n\r\n";
    var unused = ctx.writeAndFlush(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
    timeout =
        ctx.executor()
            .schedule(
                () -> fail(ctx, "no answer to CONNECT within " + Sockets.STEP_SECONDS + " s"),
                Sockets.STEP_SECONDS,
                TimeUnit.SECONDS);
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      answer.writeBytes(bytes);
    } finally {
      bytes.release();
    }
    int end = endOfHead();
    if (end >= 0) {
      onHead(ctx, answer.readCharSequence(end, StandardCharsets.ISO_8859_1).toString());
    } else if (answer.readableBytes() > MAX_ANSWER) {
      fail(ctx, "an answer without end to CONNECT");
    }
  }

  private int endOfHead() {
    for (int i = 3; i < answer.readableBytes(); i++) {
      if (answer.getByte(i) == '\n'
          && answer.getByte(i - 1) == '\r'
          && answer.getByte(i - 2) == '\n'
          && answer.getByte(i - 3) == '\r') {
        return i + 1;
      }
    }
    return -1;
  }

  private void onHead(ChannelHandlerContext ctx, String head) {
    Matcher status = STATUS_LINE.matcher(head);
    if (!status.lookingAt()) {
      fail(ctx, "it does not speak HTTP/1.1");
    } else if (!status.group(1).startsWith("2")) {
      fail(ctx, "CONNECT " + to + " is refused: " + LogLine.printable(status.group()));
    } else {
      // Adds what comes next to the pipeline, which then gets what came behind the answer.
      established.complete();
      if (answer.isReadable()) {
        ctx.fireChannelRead(answer.retain());
      }
      ctx.pipeline().remove(this);
    }
  }

  private void fail(ChannelHandlerContext ctx, String why) {
    established.tryFail(Fault.UNAVAILABLE.because("proxy " + proxy + ": " + why));
    Sockets.close(ctx.channel());
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(ctx, "it closed the connection");
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(ctx, Reason.of(cause));
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (timeout != null) {
      timeout.cancel(false);
      answer.release();
    }
  }
}

package dev.weft.proxy.forward;

import dev.weft.proxy.carrier.Tunnel;
import dev.weft.rpc.socket.SocketPump;
import dev.weft.rpc.socket.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A client until it is answered: reads the head of its request, and no further. It is followed by
 * the pump, which gets what comes behind the head, and has the client to itself after a 200.
 */
final class ConnectClient extends ChannelInboundHandlerAdapter {
  /** For the client to read its refusal and close: a reset could overtake the refusal. */
  private static final int LINGER_SECONDS = 2;

  /** Bytes that are still read of a client that was refused. */
  private static final int LINGER_BYTES = 1 << 20;

  private enum Phase {
    HEAD,
    DECIDING,
    REFUSED,
    TUNNEL
  }

  private final ForwardProxy proxy;
  private final SocketPump pump;
  private final ConnectHead head = new ConnectHead();
  private Channel client;
  private ScheduledFuture<?> deadline;
  private Phase phase = Phase.HEAD;
  private int lingered;

  ConnectClient(ForwardProxy proxy, SocketPump pump) {
    this.proxy = proxy;
    this.pump = pump;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    client = ctx.channel();
    deadline =
        ctx.executor()
            .schedule(
                () ->
                    refuse(
                        ConnectStatus.REQUEST_TIMEOUT.because(
                            "head: not complete after " + proxy.headTime().toMillis() + " ms")),
                proxy.headTime().toMillis(),
                TimeUnit.MILLISECONDS);
    proxy.arrived(this);
    ctx.fireChannelActive();
    ctx.read();
  }

  /** The client's IP address. */
  String address() {
    return client.remoteAddress() instanceof InetSocketAddress from
        ? from.getAddress().getHostAddress()
        : "";
  }

  SocketPump pump() {
    return pump;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    switch (phase) {
      case HEAD -> readHead(ctx, bytes);
      case REFUSED -> {
        lingered += bytes.readableBytes();
        bytes.release();
        if (lingered > LINGER_BYTES) {
          var unused = client.close();
        }
      }
      default -> ctx.fireChannelRead(bytes);
    }
  }

  private void readHead(ChannelHandlerContext ctx, ByteBuf bytes) {
    try {
      bytes.skipBytes(head.add(ByteBufUtil.getBytes(bytes)));
      Optional<ConnectRequest> request = head.request();
      if (request.isPresent()) {
        phase = Phase.DECIDING;
        deadline.cancel(false);
        if (bytes.isReadable()) {
          ctx.fireChannelRead(bytes.retain());
        }
        proxy.asked(this, request.get());
      }
    } catch (ConnectRefused refused) {
      refuse(refused);
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    ctx.fireChannelReadComplete();
    if (phase == Phase.HEAD || phase == Phase.REFUSED) {
      ctx.read();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE && phase == Phase.HEAD && !head.isEmpty()) {
      refuse(ConnectStatus.BAD_REQUEST.because("head: ended before its empty line"));
    } else if (event == ChannelInputShutdownEvent.INSTANCE
        && (phase == Phase.HEAD || phase == Phase.REFUSED)) {
      var unused = client.close();
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  /** The tunnel is for the client, if that is still there; else it is closed. */
  void established(Tunnel tunnel) {
    if (phase == Phase.DECIDING && client.isActive()) {
      proxy.answered(this, ConnectStatus.ESTABLISHED, "");
      var unused =
          client.writeAndFlush(
              Unpooled.copiedBuffer(
                  line(ConnectStatus.ESTABLISHED) + "\r\n", StandardCharsets.US_ASCII));
      phase = Phase.TUNNEL;
      pump.begin(tunnel);
    } else {
      tunnel.close("the client is gone");
    }
  }

  /** Answers with the reason and closes; nothing if the client was answered. */
  void refuse(ConnectRefused refused) {
    if (phase == Phase.REFUSED || phase == Phase.TUNNEL) {
      return;
    }
    phase = Phase.REFUSED;
    deadline.cancel(false);
    proxy.answered(this, refused.status(), refused.getMessage());
    client
        .writeAndFlush(Unpooled.copiedBuffer(answer(refused), StandardCharsets.UTF_8))
        .addListener((ChannelFutureListener) written -> linger());
  }

  private void linger() {
    if (client instanceof DuplexChannel duplex) {
      var unused = duplex.shutdownOutput();
    }
    client.read();
    ScheduledFuture<?> later =
        client.eventLoop().schedule(() -> Sockets.close(client), LINGER_SECONDS, TimeUnit.SECONDS);
    client.closeFuture().addListener(closed -> later.cancel(false));
  }

  private static String line(ConnectStatus status) {
    return "HTTP/1.1 " + status.code() + " " + status.phrase() + "\r\n";
  }

  private static String answer(ConnectRefused refused) {
    String body = refused.getMessage().replaceAll("\\s+", " ") + "\n";
    String more =
        switch (refused.status()) {
          case AUTHENTICATION_REQUIRED -> "Proxy-Authenticate: Basic realm=\"weft\"\r\n";
          case METHOD_NOT_ALLOWED -> "Allow: CONNECT\r\n";
          default -> "";
        };
    return line(refused.status())
        + more
        + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: "
        + body.getBytes(StandardCharsets.UTF_8).length
        + "\r\nConnection: close\r\n\r\n"
        + body;
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (deadline != null) {
      deadline.cancel(false);
    }
    proxy.gone(this);
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (phase == Phase.TUNNEL || phase == Phase.DECIDING) {
      ctx.fireExceptionCaught(cause);
    } else {
      var unused = ctx.close();
    }
  }
}

package dev.weft.reach;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.rpc.Datagrams;
import dev.weft.rpc.Loop;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.Inet6Address;
import java.net.InetSocketAddress;

/** A UDP socket beside the node's port, for a few small datagrams. */
public final class UdpProbeSocket implements ProbeSocket {
  /** Takes what arrives, on the socket's loop. */
  public interface Receiver {
    /**
     * A datagram has arrived.
     *
     * @param datagram borrowed
     */
    void arrived(UdpProbeSocket at, InetSocketAddress from, ByteBuf datagram);
  }

  private final Channel channel;

  private UdpProbeSocket(Channel channel) {
    this.channel = channel;
  }

  /**
   * Opens one; completes on the loop.
   *
   * @param at port 0 for any free one
   * @return fails with UNAVAILABLE, naming the address
   */
  public static Future<UdpProbeSocket> open(Loop loop, InetSocketAddress at, Receiver receiver) {
    return loop.call(() -> bind(loop, at, receiver));
  }

  private static Future<UdpProbeSocket> bind(Loop loop, InetSocketAddress at, Receiver receiver) {
    SocketProtocolFamily family =
        at.getAddress() instanceof Inet6Address
            ? SocketProtocolFamily.INET6
            : SocketProtocolFamily.INET;
    Promise<UdpProbeSocket> opened = Promise.promise();
    UdpProbeSocket[] self = new UdpProbeSocket[1];
    new Bootstrap()
        .group(loop.netty())
        .channelFactory(() -> new EpollDatagramChannel(family))
        .handler(
            new SimpleChannelInboundHandler<DatagramPacket>() {
              @Override
              protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
                if (self[0] != null) {
                  receiver.arrived(self[0], packet.sender(), packet.content());
                }
              }

              @Override
              public void exceptionCaught(ChannelHandlerContext ctx, Throwable e) {
                // An ICMP error of an earlier datagram: who waits for an answer will see that none
                // comes.
              }
            })
        .bind(at)
        .addListener(
            (ChannelFuture done) -> {
              if (done.isSuccess()) {
                self[0] = new UdpProbeSocket(done.channel());
                opened.complete(self[0]);
              } else {
                opened.fail(
                    Fault.UNAVAILABLE.because(
                        "udp://" + HostPort.of(at) + ": " + Reason.of(done.cause()), done.cause()));
              }
            });
    return opened.future();
  }

  public InetSocketAddress address() {
    return (InetSocketAddress) channel.localAddress();
  }

  @Override
  public void send(InetSocketAddress to, byte[] datagram) {
    var unused = channel.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(datagram), to));
  }

  @Override
  public void close() {
    var unused = Datagrams.close(channel);
  }
}

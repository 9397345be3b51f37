package dev.weft.reach;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.UnixChannelOption;

/** How a port's sockets are set: ip(7), ipv6(7), socket(7). */
final class UdpSocketOptions {
  private static final int IPPROTO_IP = 0;
  private static final int IPPROTO_IPV6 = 41;
  private static final int SOL_SOCKET = 1;

  /** Don't fragment, and let none but a link's own probes say what a path carries. */
  private static final int PMTUDISC_PROBE = 3;

  private static final ChannelOption<Integer> IP_MTU_DISCOVER =
      new IntegerUnixChannelOption("IP_MTU_DISCOVER", IPPROTO_IP, 10);
  private static final ChannelOption<Integer> IPV6_MTU_DISCOVER =
      new IntegerUnixChannelOption("IPV6_MTU_DISCOVER", IPPROTO_IPV6, 23);
  private static final ChannelOption<Integer> SO_SNDBUFFORCE =
      new IntegerUnixChannelOption("SO_SNDBUFFORCE", SOL_SOCKET, 32);
  private static final ChannelOption<Integer> SO_RCVBUFFORCE =
      new IntegerUnixChannelOption("SO_RCVBUFFORCE", SOL_SOCKET, 33);

  /** Bytes, which the kernel doubles: 20 ms of 1 Gbit/s. */
  private static final int BUFFER = 2 << 20;

  private static final int DATAGRAMS_A_READ = 32;

  private UdpSocketOptions() {}

  static Bootstrap apply(Bootstrap bootstrap) {
    return bootstrap
        .option(UnixChannelOption.SO_REUSEPORT, true)
        .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, QuicSettings.MAX_RECEIVED)
        .option(
            ChannelOption.RECVBUF_ALLOCATOR,
            new FixedRecvByteBufAllocator(QuicSettings.MAX_RECEIVED * DATAGRAMS_A_READ))
        .option(
            ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(512 << 10, 2 << 20));
  }

  /** What the family decides, and what needs a privilege. */
  static void apply(EpollDatagramChannel socket, SocketProtocolFamily family) {
    socket.config().setOption(IP_MTU_DISCOVER, PMTUDISC_PROBE);
    if (family == SocketProtocolFamily.INET6) {
      socket.config().setOption(IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
    }
    atLeast(socket, SO_SNDBUFFORCE, ChannelOption.SO_SNDBUF);
    atLeast(socket, SO_RCVBUFFORCE, ChannelOption.SO_RCVBUF);
  }

  private static void atLeast(
      EpollDatagramChannel socket, ChannelOption<Integer> forced, ChannelOption<Integer> asked) {
    try {
      socket.config().setOption(forced, BUFFER);
    } catch (ChannelException noCapability) {
      socket.config().setOption(asked, BUFFER);
    }
  }
}

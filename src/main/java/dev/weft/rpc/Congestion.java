package dev.weft.rpc;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Takes BBR from a TCP connection that its hosts hold up, not a network: one that carries gigabits
 * to a peer that is near. BBR paces what it sends by timers, and their CPU time is what such a
 * connection is short of (docs/wires.md); Reno, which every kernel has, sends as the peer
 * acknowledges. Any other connection keeps what its host has chosen. On the connection's loop.
 */
final class Congestion {
  /** From this rate on, 1.5 Gbit/s: more than the NICs of slow networks carry. */
  private static final long LEAST_BYTES_PER_SECOND = 187_500_000;

  /** Within a data centre or a house. */
  private static final int MOST_RTT_MICROS = 2000;

  private static final int IPPROTO_TCP = 6;
  private static final RawUnixChannelOption TCP_CONGESTION =
      new RawUnixChannelOption("TCP_CONGESTION", IPPROTO_TCP, 13, 16);

  /** {@code struct tcp_info} up to {@code tcpi_min_rtt}; Linux 4.6 and later. */
  private static final RawUnixChannelOption TCP_INFO =
      new RawUnixChannelOption("TCP_INFO", IPPROTO_TCP, 11, 152);

  private static final int BYTES_ACKED = 120;
  private static final int MIN_RTT = 148;

  private final EpollSocketChannel tcp;
  private final long leastBytesPerSecond;
  private final int mostRttMicros;
  private boolean decided;
  private long acked;
  private long at;

  /**
   * @param channel of any kind; only TCP's with BBR is ever changed
   */
  Congestion(Channel channel) {
    this(channel, LEAST_BYTES_PER_SECOND, MOST_RTT_MICROS);
  }

  Congestion(Channel channel, long leastBytesPerSecond, int mostRttMicros) {
    this.tcp = channel instanceof EpollSocketChannel epoll ? epoll : null;
    this.leastBytesPerSecond = leastBytesPerSecond;
    this.mostRttMicros = mostRttMicros;
    this.decided = tcp == null || !tcp.isOpen() || !algorithm(tcp).equals("bbr");
  }

  /** The congestion control of a connection, as tcp(7) names it. */
  static String algorithm(EpollSocketChannel tcp) {
    return StandardCharsets.US_ASCII
        .decode(tcp.config().getOption(TCP_CONGESTION))
        .toString()
        .trim();
  }

  /** Sets the congestion control of a connection. */
  static void set(EpollSocketChannel tcp, String algorithm) {
    tcp.config()
        .setOption(
            TCP_CONGESTION,
            ByteBuffer.wrap(Arrays.copyOf(algorithm.getBytes(StandardCharsets.US_ASCII), 16)));
  }

  /**
   * Decides by what was sent since the last call.
   *
   * @param nanos now, as {@link System#nanoTime}
   */
  void check(long nanos) {
    if (decided || !tcp.isOpen()) {
      return;
    }
    ByteBuffer info = tcp.config().getOption(TCP_INFO).order(ByteOrder.nativeOrder());
    long bytes = info.getLong(BYTES_ACKED);
    double seconds = (double) (nanos - at) / TimeUnit.SECONDS.toNanos(1);
    boolean fast = at != 0 && bytes - acked >= leastBytesPerSecond * seconds;
    acked = bytes;
    at = nanos;
    if (fast && info.getInt(MIN_RTT) <= mostRttMicros) {
      decided = true;
      set(tcp, "reno");
    }
  }
}

package dev.weft.rpc;

import com.sun.management.UnixOperatingSystemMXBean;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many connections programs of this host may hold at Unix sockets of this process: of each user
 * so many at each socket, and so many in all. A connection that has said nothing goes first when
 * there are too many, and in any case after a while: whoever speaks is served also while another
 * opens thousands. Any thread may call.
 */
public final class AcceptLimits {
  private static final Logger log = LoggerFactory.getLogger(AcceptLimits.class);

  private final int perUser;
  private final int total;
  private final Duration silence;
  private int held;

  /**
   * @param perUser connections of one user at one socket
   * @param total connections at all sockets
   * @param silence how long one may say nothing at first
   */
  AcceptLimits(int perUser, int total, Duration silence) {
    this.perUser = perUser;
    this.total = total;
    this.silence = silence;
  }

  /**
   * 128 of each user at each socket, ten seconds for the first word; in all a quarter of the
   * descriptors that this process may have (RLIMIT_NOFILE), so that the most are left for its own
   * work.
   */
  public static AcceptLimits ofProcess() {
    long descriptors =
        ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class)
            .getMaxFileDescriptorCount();
    return new AcceptLimits(
        128, (int) Math.min(descriptors / 4, Integer.MAX_VALUE), Duration.ofSeconds(10));
  }

  /** A handler for the channel that accepts a socket's connections, put first. */
  ChannelHandler gate() {
    return new Gate();
  }

  /** One socket. The limits' lock guards all gates. */
  private final class Gate extends ChannelInboundHandlerAdapter {
    private final Map<Integer, Integer> users = new HashMap<>();

    /** Those that have said nothing, the oldest first. */
    private final Set<Guest> silent = new LinkedHashSet<>();

    private boolean waits;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object accepted) {
      waits = false;
      Channel channel = (Channel) accepted;
      Guest guest = new Guest(this, channel, userOf(channel));
      if (!admit(guest)) {
        channel.unsafe().closeForcibly();
        return;
      }
      channel.closeFuture().addListener(closed -> leave(guest));
      channel.pipeline().addFirst(guest);
      ctx.fireChannelRead(channel);
    }

    /** For want of descriptors: they wait in the kernel's queue for a second. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!waits) {
        waits = true;
        log.warn("connections to {} wait: {}", ctx.channel().localAddress(), cause.getMessage());
      }
      ctx.channel().config().setAutoRead(false);
      var unused =
          ctx.executor()
              .schedule(() -> ctx.channel().config().setAutoRead(true), 1, TimeUnit.SECONDS);
    }

    private boolean admit(Guest guest) {
      Optional<Guest> gives = Optional.empty();
      synchronized (AcceptLimits.this) {
        boolean full = held >= total;
        if (full || users.getOrDefault(guest.user, 0) >= perUser) {
          gives = silent.stream().filter(g -> full || g.user == guest.user).findFirst();
          if (gives.isEmpty()) {
            return false;
          }
          leave(gives.get());
        }
        guest.inside = true;
        held++;
        users.merge(guest.user, 1, Integer::sum);
        silent.add(guest);
      }
      gives.ifPresent(Guest::close);
      return true;
    }

    private void leave(Guest guest) {
      synchronized (AcceptLimits.this) {
        if (guest.inside) {
          guest.inside = false;
          held--;
          users.computeIfPresent(guest.user, (user, count) -> count == 1 ? null : count - 1);
          silent.remove(guest);
        }
      }
    }

    private void spoke(Guest guest) {
      synchronized (AcceptLimits.this) {
        silent.remove(guest);
      }
    }
  }

  private static int userOf(Channel channel) {
    try {
      return channel instanceof EpollDomainSocketChannel unix ? unix.peerCredentials().uid() : -1;
    } catch (IOException gone) {
      return -1;
    }
  }

  /** A connection until it says its first word. */
  private final class Guest extends ChannelInboundHandlerAdapter {
    private final Gate gate;
    private final Channel channel;
    private final int user;
    private boolean inside;
    private Future<?> deadline;

    Guest(Gate gate, Channel channel, int user) {
      this.gate = gate;
      this.channel = channel;
      this.user = user;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      deadline = ctx.executor().schedule(this::close, silence.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
      deadline.cancel(false);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      gate.spoke(this);
      ctx.pipeline().remove(this);
      ctx.fireChannelRead(message);
    }

    void close() {
      if (channel.isRegistered()) {
        var unused = channel.close();
      }
    }
  }
}

package dev.weft.rpc;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.weft.address.IpAddress;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many connections others may hold at sockets of this process: each guest, which is a user of
 * this host at a Unix socket and an address at a TCP port, so many at each socket, and all so many
 * in all. A connection that has said nothing goes first when there are too many, and in any case
 * after a while: whoever speaks is served also while another opens thousands. Any thread may call.
 */
public final class AcceptLimits {
  private static final Logger log = LoggerFactory.getLogger(AcceptLimits.class);

  private static final Object NOBODY = -1;

  /** Between two lines of log about refused connections. */
  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** How long new connections wait in the kernel's queue while those before them are closed. */
  private static final long CROWDED_MILLIS = 20;

  /** And for want of descriptors. */
  private static final long STARVED_MILLIS = 1000;

  private final int perGuest;
  private final int total;
  private final Duration silence;
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());
  private int held;

  /** Those that gave their place to others, and are not closed yet: that takes another thread. */
  private int leaving;

  /**
   * @param perGuest connections of one guest at one socket
   * @param total connections at all sockets
   * @param silence how long one may say nothing at first
   */
  AcceptLimits(int perGuest, int total, Duration silence) {
    this.perGuest = perGuest;
    this.total = total;
    this.silence = silence;
  }

  /**
   * 128 of each user at each socket, ten seconds for the first word; in all a quarter of the
   * descriptors that this process may have (RLIMIT_NOFILE), so that the most are left for its own
   * work; and no guest has more than a quarter of those.
   */
  public static AcceptLimits ofProcess() {
    return ofProcess(128);
  }

  /** 256 of each address at each port; else as {@link #ofProcess()}, with a quarter of its own. */
  public static AcceptLimits ofPorts() {
    return ofProcess(256);
  }

  private static AcceptLimits ofProcess(int perGuest) {
    long descriptors =
        ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class)
            .getMaxFileDescriptorCount();
    int total = (int) Math.min(descriptors / 4, Integer.MAX_VALUE);
    // One guest never has all.
    return new AcceptLimits(Math.min(perGuest, total / 4), total, Duration.ofSeconds(10));
  }

  /** Connections that were refused, or closed for others that speak. */
  public long refused() {
    return refused.get();
  }

  /** A handler for the channel that accepts a socket's connections, put first. */
  ChannelHandler gate() {
    return new Gate();
  }

  /** One socket. The limits' lock guards all gates. */
  private final class Gate extends ChannelInboundHandlerAdapter {
    private final Map<Object, Integer> guests = new HashMap<>();

    /** Those that have said nothing, the oldest first. */
    private final Set<Guest> silent = new LinkedHashSet<>();

    private boolean waits;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object accepted) {
      waits = false;
      Channel channel = (Channel) accepted;
      Guest guest = new Guest(this, channel, whoIs(channel));
      if (!admit(guest)) {
        turnedAway(guest);
        channel.unsafe().closeForcibly();
        return;
      }
      channel.closeFuture().addListener(closed -> leave(guest));
      channel.pipeline().addFirst(guest);
      StreamMemory.give(channel);
      ctx.fireChannelRead(channel);
      if (isCrowded()) {
        pause(ctx, CROWDED_MILLIS);
      }
    }

    /** More are about to be closed than the descriptors that are left for them. */
    private boolean isCrowded() {
      synchronized (AcceptLimits.this) {
        return leaving >= total / 2;
      }
    }

    private void pause(ChannelHandlerContext ctx, long millis) {
      ctx.channel().config().setAutoRead(false);
      var unused =
          ctx.executor()
              .schedule(
                  () -> ctx.channel().config().setAutoRead(true), millis, TimeUnit.MILLISECONDS);
    }

    /** For want of descriptors: they wait in the kernel's queue for a second. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!waits) {
        waits = true;
        // Not by a class of its own: without descriptors one may not be loaded for the first time.
        log.warn("connections to {} wait: {}", ctx.channel().localAddress(), cause.getMessage());
      }
      pause(ctx, STARVED_MILLIS);
    }

    private boolean admit(Guest guest) {
      Optional<Guest> gives = Optional.empty();
      synchronized (AcceptLimits.this) {
        boolean full = held >= total;
        if (full || guests.getOrDefault(guest.who, 0) >= perGuest) {
          gives = silent.stream().filter(g -> full || g.who.equals(guest.who)).findFirst();
          if (gives.isEmpty()) {
            return false;
          }
          leave(gives.get());
          leaving++;
        }
        guest.inside = true;
        held++;
        guests.merge(guest.who, 1, Integer::sum);
        silent.add(guest);
      }
      gives.ifPresent(
          silentOne -> {
            turnedAway(silentOne);
            silentOne.channel.closeFuture().addListener(closed -> gone());
            silentOne.close();
          });
      return true;
    }

    private void leave(Guest guest) {
      synchronized (AcceptLimits.this) {
        if (guest.inside) {
          guest.inside = false;
          held--;
          guests.computeIfPresent(guest.who, (who, count) -> count == 1 ? null : count - 1);
          silent.remove(guest);
        }
      }
    }

    private void gone() {
      synchronized (AcceptLimits.this) {
        leaving--;
      }
    }

    private void spoke(Guest guest) {
      synchronized (AcceptLimits.this) {
        silent.remove(guest);
      }
    }
  }

  /** A user's number or an address; {@link #NOBODY} if it is gone already. */
  private static Object whoIs(Channel channel) {
    try {
      if (channel instanceof EpollDomainSocketChannel unix) {
        return unix.peerCredentials().uid();
      }
      return channel.remoteAddress() instanceof InetSocketAddress remote
          ? remote.getAddress()
          : NOBODY;
    } catch (IOException gone) {
      return NOBODY;
    }
  }

  private void turnedAway(Guest guest) {
    refused.incrementAndGet();
    long quiet = quietUntil.get();
    long now = System.nanoTime();
    if (now - quiet >= 0 && quietUntil.compareAndSet(quiet, now + QUIET_NANOS)) {
      log.warn(
          "connections to {} refused: {} has too many (expected: {} at most, {} of all)",
          guest.channel.localAddress(),
          guest.who instanceof InetAddress address
              ? IpAddress.format(address)
              : "user " + guest.who,
          perGuest,
          total);
    }
  }

  /** A connection until it says its first word. */
  private final class Guest extends ChannelInboundHandlerAdapter {
    private final Gate gate;
    private final Channel channel;
    private final Object who;
    private boolean inside;

    /** It gave its place away, perhaps before it was registered with its event loop. */
    private volatile boolean unwanted;

    private Future<?> deadline;

    Guest(Gate gate, Channel channel, Object who) {
      this.gate = gate;
      this.channel = channel;
      this.who = who;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      if (unwanted) {
        var unused = ctx.close();
      }
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
      unwanted = true;
      if (channel.isRegistered()) {
        var unused = channel.close();
      }
    }
  }
}

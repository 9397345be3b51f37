package dev.weft.mesh.link.kind;

import dev.weft.identity.NodeId;
import dev.weft.rpc.socket.Sockets;
import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The TLS handshakes of a listener's connections: a bounded number at a time. */
final class Handshakes {
  private static final Logger log = LoggerFactory.getLogger(Handshakes.class);
  private static final int MAX_AT_ONCE = 256;

  /** Anybody can fail a handshake, so the log tells of one in so many seconds. */
  private static final long LOG_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final LinkTls tls;
  private final String listener;
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger untold = new AtomicInteger();
  private final AtomicLong lastTold = new AtomicLong(System.nanoTime() - LOG_NANOS);

  /**
   * @param listener its address, for the log
   */
  Handshakes(LinkTls tls, String listener) {
    this.tls = tls;
    this.listener = listener;
  }

  /**
   * Adds to a channel that is not registered yet what shakes hands as soon as it is.
   *
   * @param done gets the node at the other end, on the channel's loop
   */
  void begin(Channel channel, ChannelBytes bytes, BiConsumer<NodeId, ChannelBytes> done) {
    Sockets.prepare(channel);
    channel.pipeline().addLast(new OnceActive(() -> shake(channel, bytes, done)), bytes);
  }

  private void shake(Channel channel, ChannelBytes bytes, BiConsumer<NodeId, ChannelBytes> done) {
    if (running.incrementAndGet() > MAX_AT_ONCE) {
      running.decrementAndGet();
      refused(channel, "more than " + MAX_AT_ONCE + " handshakes at once");
      return;
    }
    String peer = String.valueOf(channel.remoteAddress());
    tls.accept(channel)
        .onComplete(
            shaken -> {
              running.decrementAndGet();
              if (shaken.succeeded()) {
                accepted(channel, () -> done.accept(shaken.result(), bytes));
              } else {
                refused(channel, peer + ": " + shaken.cause().getMessage());
              }
            });
  }

  /** Nothing reads a connection that the mesh has not taken. */
  private static void accepted(Channel channel, Runnable take) {
    try {
      take.run();
    } catch (RuntimeException e) {
      Sockets.close(channel);
      throw e;
    }
  }

  private void refused(Channel channel, String why) {
    Sockets.close(channel);
    long now = System.nanoTime();
    long last = lastTold.get();
    if (now - last >= LOG_NANOS && lastTold.compareAndSet(last, now)) {
      log.info(
          "{} refused {}; {} more since the last such line", listener, why, untold.getAndSet(0));
    } else {
      untold.incrementAndGet();
    }
  }
}

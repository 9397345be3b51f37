package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Alarm;
import dev.weft.mesh.stream.PeerStream;
import dev.weft.reach.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicConnectionStats;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A QUIC connection to a peer: its streams, and how it ends. On the mesh's loop. */
final class PeerConnection extends ChannelInboundHandlerAdapter implements QuicStream.Owner {
  /** The stream of control messages, which the dialling end opens first. */
  static final long CONTROL = 0;

  /**
   * Streams that ended other than by both ends finishing leave something behind in the QUIC codec;
   * after so many the connection is made anew.
   */
  static final int MOST_BROKEN = 10_000;

  /** What becomes of a connection. */
  interface Watcher {
    /** The other end has proved who it is. */
    default void proven(PeerConnection connection) {}

    /** The dialling end has opened the control stream. */
    void control(PeerConnection connection, PeerStream stream);

    void closed(PeerConnection connection, String reason);
  }

  private final QuicChannel channel;
  private final boolean dialled;
  private final Watcher watcher;
  private final AwaitedStreams awaited = new AwaitedStreams();
  private final Alarm alarm;
  private final Set<QuicStream> streams = new HashSet<>();
  private final long node;
  private int broken;
  private String reason = "";
  private boolean proven;
  private boolean closed;

  /**
   * @param node the other end, as it says until it has proved it
   */
  PeerConnection(QuicChannel channel, long node, boolean dialled, Watcher watcher) {
    this.channel = channel;
    this.node = node;
    this.dialled = dialled;
    this.watcher = watcher;
    this.alarm =
        new Alarm(channel.eventLoop(), awaited::deadline, () -> awaited.expire(System.nanoTime()));
  }

  @Override
  public long node() {
    return node;
  }

  @Override
  public boolean dialled() {
    return dialled;
  }

  @Override
  public String reason() {
    return reason.isEmpty() ? "the connection ended" : reason;
  }

  /** Streams that are open, without the control stream. */
  int objects() {
    return Math.max(0, streams.size() - 1);
  }

  @Override
  public PeerStream open() {
    return open(QuicStreamType.BIDIRECTIONAL);
  }

  @Override
  public PeerStream openOneWay() {
    return open(QuicStreamType.UNIDIRECTIONAL);
  }

  private QuicStream open(QuicStreamType type) {
    if (closed) {
      throw ended();
    }
    // The codec does not know yet how many there may be when it opens the first.
    if (!streams.isEmpty() && channel.peerAllowedStreams(type) <= 0) {
      throw Fault.EXHAUSTED.because(
          "streams to node " + NodeId.text(node) + ": all it takes are open");
    }
    QuicStream stream = new QuicStream(this);
    var opened = channel.createStream(type, stream);
    if (opened.cause() != null) {
      throw Fault.UNAVAILABLE.because(
          "no stream to node " + NodeId.text(node) + ": " + Reason.of(opened.cause()),
          opened.cause());
    }
    streams.add(stream);
    return stream;
  }

  @Override
  public Future<PeerStream> accepted(long id) {
    boolean theirs = (id & 1) == (dialled ? 1 : 0);
    if (id < 0 || !theirs || id == CONTROL) {
      return Future.failedFuture(
          Fault.invalid("stream", Long.toUnsignedString(id), "one that the other end has opened"));
    }
    Future<PeerStream> stream = awaited.claim(id, System.nanoTime());
    alarm.check();
    return stream;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    proven = true;
    watcher.proven(this);
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    QuicStreamChannel arrived = (QuicStreamChannel) message;
    QuicStream stream = new QuicStream(this);
    arrived.pipeline().addLast(stream);
    var registered = ctx.channel().eventLoop().register(arrived);
    if (!registered.isSuccess()) {
      close(String.valueOf(registered.cause()));
      return;
    }
    streams.add(stream);
    if (!proven) {
      stream.reset();
    } else if (stream.id() == CONTROL) {
      watcher.control(this, stream);
    } else {
      awaited.arrived(stream, System.nanoTime());
      alarm.check();
    }
  }

  @Override
  public void ended(QuicStream stream, boolean isBroken) {
    streams.remove(stream);
    awaited.gone(stream.id());
    if (!closed && isBroken && ++broken >= MOST_BROKEN) {
      close(MOST_BROKEN + " streams were broken off");
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof QuicConnectionCloseEvent close && reason.isEmpty()) {
      reason = Refusal.reason(close);
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    close(Reason.of(cause));
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (reason.isEmpty() && channel.isTimedOut()) {
      reason = "no sign of life";
    }
    over();
    ctx.fireChannelInactive();
  }

  private void over() {
    if (!closed) {
      closed = true;
      alarm.stop();
      awaited.end(ended());
      watcher.closed(this, reason());
    }
  }

  private WeftException ended() {
    return Fault.UNAVAILABLE.because("node " + NodeId.text(node) + ": " + reason());
  }

  /** Ends the connection and all its streams; the other end is told the reason. */
  void close(String why) {
    if (closed) {
      return;
    }
    if (reason.isEmpty()) {
      reason = why;
    }
    ByteBuf text = Unpooled.copiedBuffer(why, StandardCharsets.UTF_8);
    var unused = channel.close(true, 1, text);
    over();
  }

  boolean closed() {
    return closed;
  }

  /** Streams that ended otherwise than by both ends finishing. */
  int broken() {
    return broken;
  }

  /** Datagrams that have been received; -1 if the connection is over. */
  long received() {
    QuicConnectionStats stats = closed ? null : channel.collectStats().getNow();
    return stats == null ? -1 : stats.recv();
  }

  /** Smoothed round trip, microseconds; null if the connection is over. */
  Long rttMicros() {
    QuicConnectionPathStats stats = closed ? null : channel.collectPathStats(0).getNow();
    return stats == null ? null : stats.rtt() / 1000;
  }

  /** Runs work later, if the connection still stands then. */
  void later(long seconds, Runnable work) {
    var unused =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  if (!closed) {
                    work.run();
                  }
                },
                seconds,
                TimeUnit.SECONDS);
  }
}

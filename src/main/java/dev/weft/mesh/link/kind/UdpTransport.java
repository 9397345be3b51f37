package dev.weft.mesh.link.kind;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Alarm;
import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.Transport;
import dev.weft.reach.Refusal;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicDatagramExtensionEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.atomic.LongAdder;

/**
 * A link that is one QUIC connection: frames in QUIC datagrams (RFC 9221) as {@link UdpForm} has
 * them. It opens when the other end has answered a probe: a dialling end knows only then that its
 * certificate was taken, and both know whether frames pass whole.
 */
final class UdpTransport extends ChannelInboundHandlerAdapter
    implements Transport, PathProbe.Output {
  /** Frames that came before there was anyone to take them. */
  private static final int MAX_EARLY = 64;

  private final QuicChannel channel;
  private final Loop loop;
  private final Identity identity;
  private final String remote;
  private final Promise<Transport> opened = Promise.promise();
  private final FrameHalves halves = new FrameHalves();
  private final Queue<ByteBuf> early = new ArrayDeque<>();
  private final AcceptedMark acceptedMark = new AcceptedMark();
  private final Alarm alarm;
  private PathProbe probe;
  private Optional<NodeId> proven = Optional.empty();
  private int longest;
  private int nextHalves;
  private int unflushed;
  private final LongAdder dropped = new LongAdder();
  private Receiver receiver;
  private String ended;

  UdpTransport(QuicChannel channel, Loop loop, Identity identity) {
    this.channel = channel;
    this.loop = loop;
    this.identity = identity;
    this.remote = HostPort.of((InetSocketAddress) channel.remoteSocketAddress()).toString();
    this.alarm = new Alarm(loop.netty(), this::deadline, this::expire);
  }

  /** Done when the other end answers; fails with UNAUTHENTICATED or UNAVAILABLE. */
  Future<Transport> opened() {
    return opened.future();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof QuicDatagramExtensionEvent datagrams) {
      established(datagrams.maxLength());
    } else if (event instanceof QuicConnectionCloseEvent closed) {
      opened.tryFail(Refusal.of(peer(), identity.nodeId(), closed));
      end(Refusal.reason(closed));
    }
  }

  private String peer() {
    return "udp://" + remote + proven.map(id -> " (node " + id + ")").orElse("");
  }

  private void established(int maxLength) {
    if (ended != null || probe != null) {
      return;
    }
    try {
      // Also what a resumed session brought along, if the other end is no Weft.
      byte[] shown = channel.sslEngine().getSession().getPeerCertificates()[0].getEncoded();
      proven = Optional.of(identity.verifier().verify(shown));
    } catch (Exception e) {
      opened.tryFail(Fault.UNAUTHENTICATED.because(peer() + ": " + e.getMessage(), e));
      close("certificate not accepted");
      return;
    }
    longest = maxLength;
    probe = new PathProbe(maxLength >= FrameLabel.MAX_FRAME, this);
    probe.start(System.nanoTime());
    flush();
    alarm.check();
  }

  @Override
  public void probe(int id, boolean isLong) {
    int total = isLong ? longest : UdpForm.TRAILER;
    queue(UdpForm.make(channel.alloc(), UdpForm.PROBE, id, Unpooled.EMPTY_BUFFER, 0, 0, total));
  }

  @Override
  public void carries(boolean whole) {
    opened.tryComplete(this);
  }

  @Override
  public void failed() {
    opened.tryFail(
        Fault.UNAVAILABLE.because(
            peer()
                + ": QUIC connected, and no datagram came back within 5 s: the path or its other"
                + " end carries none (expected: UDP payloads of 1,200 bytes; a tcp link needs"
                + " less)"));
    close("no datagram came back for 5 s");
  }

  /** Whether frames of every length cross as one datagram. */
  boolean whole() {
    return probe.whole();
  }

  private long deadline() {
    return ended == null ? probe.deadline() : Long.MAX_VALUE;
  }

  private void expire() {
    probe.expire(System.nanoTime());
    flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf datagram = (ByteBuf) message;
    try {
      if (ended != null || !datagram.isReadable()) {
        return;
      }
      int kind = UdpForm.kind(datagram);
      if (kind == 0) {
        take(datagram);
      } else {
        ours(kind, UdpForm.id(datagram), UdpForm.length(datagram), datagram);
      }
    } finally {
      datagram.release();
    }
  }

  private void ours(int kind, int id, int length, ByteBuf datagram) {
    boolean holds = length > 0 && length <= FrameLabel.MAX_FRAME;
    switch (kind) {
      case UdpForm.PROBE ->
          queue(UdpForm.make(channel.alloc(), UdpForm.ANSWER, id, Unpooled.EMPTY_BUFFER, 0, 0, 0));
      case UdpForm.ANSWER -> {
        if (probe != null) {
          probe.answered(id, System.nanoTime());
          alarm.check();
        }
      }
      case UdpForm.PADDED -> {
        if (holds) {
          take(datagram.writerIndex(datagram.readerIndex() + length));
        } else {
          dropped.increment();
        }
      }
      case UdpForm.FIRST_HALF, UdpForm.SECOND_HALF -> {
        ByteBuf frame = holds ? halves.add(id, kind == UdpForm.FIRST_HALF, datagram, length) : null;
        if (frame != null) {
          take(frame);
          frame.release();
        } else if (!holds) {
          dropped.increment();
        }
      }
      default -> dropped.increment();
    }
  }

  private void take(ByteBuf frame) {
    if (receiver != null) {
      receiver.onFrame(frame);
    } else if (early.size() < MAX_EARLY) {
      early.add(frame.retain());
    } else {
      dropped.increment();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (receiver != null && ended == null) {
      receiver.onIdle();
    }
    flush();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    String reason = channel.isTimedOut() ? "nothing arrived for 10 s" : "the connection has ended";
    opened.tryFail(Fault.UNAVAILABLE.because(peer() + ": " + reason));
    end(reason);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A datagram that QUIC could not read or take; the connection says itself when it has ended.
    dropped.increment();
  }

  @Override
  public String kind() {
    return "udp";
  }

  @Override
  public String remote() {
    return remote;
  }

  @Override
  public String seenFrom() {
    return remote;
  }

  @Override
  public Optional<NodeId> proven() {
    return proven;
  }

  @Override
  public String proof() {
    return identity.linkProof();
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public void receive(Receiver receiver) {
    if (ended != null) {
      receiver.onClosed(ended);
      return;
    }
    this.receiver = receiver;
    ByteBuf frame;
    while ((frame = early.poll()) != null) {
      receiver.onFrame(frame);
      frame.release();
    }
    // The receiver may have closed it, and knows.
    if (ended == null) {
      receiver.onIdle();
    }
  }

  @Override
  public void send(ByteBuf frame) {
    int length = frame.readableBytes();
    if (length == 0
        || length > FrameLabel.MAX_FRAME
        || ended != null
        || !probe.isOpen()
        || !channel.parent().isWritable()) {
      dropped.increment();
      frame.release();
      return;
    }
    boolean whole = probe.whole();
    if (whole && length > UdpForm.SHORT && probe.watches()) {
      probe.sendsLong(System.nanoTime());
      alarm.check();
    }
    boolean looksLikeOurs = UdpForm.kind(frame) != 0;
    if (!looksLikeOurs && (whole || (length >= UdpForm.LONE && length <= UdpForm.SHORT))) {
      write(frame);
      return;
    }
    if (length <= (whole ? longest - UdpForm.TRAILER : UdpForm.SHORT)) {
      write(form(UdpForm.PADDED, 0, frame, 0, length));
    } else {
      int id = nextHalves++ & 0xffff;
      int middle = (length + 1) / 2;
      write(form(UdpForm.FIRST_HALF, id, frame, 0, middle));
      write(form(UdpForm.SECOND_HALF, id, frame, middle, length - middle));
    }
    frame.release();
  }

  private ByteBuf form(int kind, int id, ByteBuf frame, int from, int length) {
    return UdpForm.make(
        channel.alloc(), kind, id, frame, frame.readerIndex() + from, length, UdpForm.LONE);
  }

  private void write(ByteBuf datagram) {
    queue(datagram);
    queue(acceptedMark.retain());
    unflushed++;
  }

  private void queue(ByteBuf datagram) {
    var unused = channel.write(datagram, channel.voidPromise());
  }

  @Override
  public void flush() {
    int given = unflushed;
    unflushed = 0;
    acceptedMark.begin();
    channel.flush();
    dropped.add(given - acceptedMark.seen());
  }

  @Override
  public long dropped() {
    return dropped.sum();
  }

  @Override
  public void close(String reason) {
    if (loop.netty().inEventLoop()) {
      var unused = channel.close(true, 0, Unpooled.copiedBuffer(reason, StandardCharsets.UTF_8));
      end(reason);
    } else {
      loop.netty().execute(() -> close(reason));
    }
  }

  private void end(String reason) {
    if (ended != null) {
      return;
    }
    ended = reason;
    halves.close();
    acceptedMark.release();
    alarm.stop();
    var unused = channel.close();
    if (receiver != null) {
      receiver.onClosed(reason);
    }
    ByteBuf frame;
    while ((frame = early.poll()) != null) {
      frame.release();
    }
  }
}

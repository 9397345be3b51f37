package dev.weft.mesh;

import dev.weft.mesh.link.Alarm;
import dev.weft.mesh.link.LinkProtocol;
import dev.weft.mesh.link.Transport;
import dev.weft.mesh.route.RouteAnnouncement;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * Runs one link: a protocol over a transport, on the transport's event loop, with the time of day.
 * It lives as long as the transport.
 */
final class LinkRunner implements LinkProtocol.Output, Transport.Receiver {
  /** Frames that other event loops have handed over and this one has not sent yet. */
  private static final int MOST_HANDED_OVER = 1024;

  /** What a link tells the node, on the link's loop, in order. */
  interface Watcher {
    void introduced(LinkRunner link, long peer, String seenFrom);

    void carries(LinkRunner link, boolean up);

    void rtt(LinkRunner link, long micros);

    void announced(LinkRunner link, List<RouteAnnouncement> all);

    /** The link has ended; nothing follows. */
    void closed(LinkRunner link, String reason);
  }

  private final Transport transport;
  private final EventLoop loop;
  private final LinkProtocol protocol;
  private final MeshSwitch frames;
  private final MeshDrops drops;
  private final Watcher watcher;
  private final Alarm alarm;
  private final AtomicInteger handedOver = new AtomicInteger();
  private final LinkCounters counters = new LinkCounters();

  /** 0 until the other end has introduced itself. */
  private volatile long peer;

  private boolean unflushed;
  private boolean closed;
  private long now;

  /** Frames that arrived in this turn went out by these links, which are flushed at its end. */
  private final FlushList outgoing;

  LinkRunner(
      Transport transport,
      LinkProtocol.Settings settings,
      RandomGenerator random,
      MeshSwitch frames,
      MeshDrops drops,
      FlushList outgoing,
      Watcher watcher) {
    this.transport = transport;
    this.loop = transport.loop().netty();
    this.protocol = new LinkProtocol(settings, random, this);
    this.frames = frames;
    this.drops = drops;
    this.outgoing = outgoing;
    this.watcher = watcher;
    this.alarm = new Alarm(loop, protocol::deadline, this::due);
  }

  Transport transport() {
    return transport;
  }

  long peer() {
    return peer;
  }

  LinkCounters counters() {
    return counters;
  }

  /** Introduces this node to the other end. */
  void start() {
    transport
        .loop()
        .run(
            () -> {
              now = System.nanoTime();
              protocol.start(now);
              // What waits there arrives during this call.
              transport.receive(this);
              done();
            });
  }

  /** Tells the other end what this node reaches without it; any thread may call. */
  void announce(List<RouteAnnouncement> all) {
    transport
        .loop()
        .run(
            () -> {
              if (!closed) {
                now = System.nanoTime();
                protocol.announce(all, now);
                done();
              }
            });
  }

  /**
   * Sends a payload to another node; any thread may call.
   *
   * @param payload the link takes the reference
   */
  void forward(long source, long destination, ByteBuf payload, long time) {
    if (loop.inEventLoop()) {
      post(source, destination, payload, time);
    } else if (handedOver.incrementAndGet() > MOST_HANDED_OVER) {
      handedOver.decrementAndGet();
      drops.add(MeshDrops.Reason.BUSY);
      payload.release();
    } else {
      loop.execute(
          () -> {
            handedOver.decrementAndGet();
            post(source, destination, payload, System.nanoTime());
          });
    }
  }

  private void post(long source, long destination, ByteBuf payload, long time) {
    if (closed) {
      payload.release();
      return;
    }
    now = time;
    protocol.send(source, destination, payload, time);
  }

  @Override
  public void onFrame(ByteBuf frame) {
    if (closed) {
      return;
    }
    now = System.nanoTime();
    counters.received(frame.readableBytes());
    protocol.receive(frame, now);
  }

  @Override
  public void onIdle() {
    done();
    outgoing.flush();
  }

  @Override
  public void onClosed(String reason) {
    if (closed) {
      return;
    }
    closed = true;
    alarm.stop();
    protocol.close();
    watcher.closed(this, reason);
  }

  @Override
  public void transmit(ByteBuf frame) {
    counters.sent(frame.readableBytes());
    transport.send(frame);
    if (!unflushed) {
      unflushed = true;
      outgoing.add(this);
    }
  }

  void flush() {
    unflushed = false;
    if (!closed) {
      transport.flush();
      alarm.check();
    }
  }

  @Override
  public void introduced(long node, boolean relays, String seenFrom) {
    peer = node;
    watcher.introduced(this, node, seenFrom);
  }

  @Override
  public void message(long source, long destination, ByteBuf payload) {
    frames.arrived(this, source, destination, payload, now);
  }

  @Override
  public void announced(List<RouteAnnouncement> all) {
    watcher.announced(this, all);
  }

  @Override
  public void carries(boolean up) {
    watcher.carries(this, up);
  }

  @Override
  public void rtt(long micros) {
    watcher.rtt(this, micros);
  }

  @Override
  public void failed(String reason) {
    // What the protocol has said last, its own version for example, goes out first.
    outgoing.flush();
    transport.close(reason);
  }

  private void due() {
    now = System.nanoTime();
    done();
  }

  private void done() {
    if (!closed && protocol.deadline() - now <= 0) {
      protocol.expire(now);
    }
    counters.dropped(
        protocol.badFrames() + protocol.controlDrops() + protocol.unsent() + transport.dropped());
    if (!closed) {
      alarm.check();
    }
    outgoing.flushSoon();
  }
}

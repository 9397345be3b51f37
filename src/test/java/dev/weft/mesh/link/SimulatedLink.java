package dev.weft.mesh.link;

import dev.weft.mesh.route.RouteAnnouncement;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/** Two ends of a link in simulated time, what each was told, and all frames that were sent. */
final class SimulatedLink {
  static final long A = 0x0a0a_0a0a_0000_0001L;
  static final long B = 0x0b0b_0b0b_0000_0002L;

  /** A frame that an end sent. */
  static final class Sent {
    private final long at;
    private final byte[] bytes;

    Sent(long at, byte[] bytes) {
      this.at = at;
      this.bytes = bytes;
    }

    long at() {
      return at;
    }

    byte[] bytes() {
      return bytes;
    }

    int control() {
      return Byte.toUnsignedInt(bytes[bytes.length - 1]);
    }
  }

  /** One end. */
  static final class End implements LinkProtocol.Output, Transport.Receiver {
    private final SimulatedClock clock;
    private final Transport transport;
    private final LinkProtocol.Settings settings;
    LinkProtocol protocol;
    final List<String> told = new ArrayList<>();
    final List<Sent> sent = new ArrayList<>();
    final List<byte[]> messages = new ArrayList<>();
    List<RouteAnnouncement> announced;
    boolean up;
    long rtt = -1;
    String failure;
    private long armed = Long.MAX_VALUE;

    End(
        SimulatedClock clock,
        Transport transport,
        LinkProtocol.Settings settings,
        int version,
        long seed) {
      this.clock = clock;
      this.transport = transport;
      this.settings = settings;
      protocol = new LinkProtocol(settings, version, new Random(seed), this);
      transport.receive(this);
    }

    void start() {
      protocol.start(clock.now());
      arm();
    }

    /** Another process takes this end of the transport. */
    void startAnew() {
      protocol.close();
      protocol = new LinkProtocol(settings, new Random(sent.size() + 100), this);
      start();
    }

    void send(long source, long destination, ByteBuf payload) {
      protocol.send(source, destination, payload, clock.now());
      arm();
    }

    void announce(List<RouteAnnouncement> all) {
      protocol.announce(all, clock.now());
      arm();
    }

    /** Has {@link LinkProtocol#expire} called in time. */
    private void arm() {
      long due = protocol.deadline();
      if (due >= armed) {
        return;
      }
      armed = due;
      clock.after(
          Math.max(0, due - clock.now()),
          () -> {
            if (armed == due) {
              armed = Long.MAX_VALUE;
              if (protocol.deadline() <= clock.now()) {
                protocol.expire(clock.now());
              }
              arm();
            }
          });
    }

    @Override
    public void onFrame(ByteBuf frame) {
      protocol.receive(frame, clock.now());
    }

    @Override
    public void onIdle() {
      arm();
    }

    @Override
    public void onClosed(String reason) {
      told.add("closed: " + reason);
    }

    @Override
    public void transmit(ByteBuf frame) {
      byte[] bytes = ByteBufUtil.getBytes(frame);
      frame.release();
      sent.add(new Sent(clock.now(), bytes));
      // Frames that are on their way when a test ends are left to the garbage collector.
      transport.send(Unpooled.copiedBuffer(bytes));
    }

    @Override
    public void introduced(long peer, boolean relays, String seenFrom) {
      told.add("introduced %016x relays=%s seen=%s".formatted(peer, relays, seenFrom));
    }

    @Override
    public void message(long source, long destination, ByteBuf payload) {
      told.add("message %016x %016x".formatted(source, destination));
      messages.add(ByteBufUtil.getBytes(payload));
    }

    @Override
    public void announced(List<RouteAnnouncement> all) {
      told.add("announced " + all.size());
      announced = all;
    }

    @Override
    public void carries(boolean now) {
      told.add(now ? "up" : "down");
      up = now;
    }

    @Override
    public void rtt(long micros) {
      rtt = micros;
    }

    @Override
    public void failed(String reason) {
      told.add("failed: " + reason);
      failure = reason;
      transport.close(reason);
    }
  }

  final SimulatedClock clock;
  final End a;
  final End b;

  SimulatedLink(SimulatedClock clock, End a, End b) {
    this.clock = clock;
    this.a = a;
    this.b = b;
  }

  static SimulatedLink between(Impairment toB, Impairment toA) {
    return between(settings(A), LinkProtocol.VERSION, settings(B), toB, toA);
  }

  static SimulatedLink between(
      LinkProtocol.Settings a,
      int versionOfA,
      LinkProtocol.Settings b,
      Impairment toB,
      Impairment toA) {
    SimulatedClock clock = new SimulatedClock();
    MemoryTransport.Pair pair = MemoryTransport.on(clock, toB, toA);
    return new SimulatedLink(
        clock,
        new End(clock, pair.a(), a, versionOfA, 1),
        new End(clock, pair.b(), b, LinkProtocol.VERSION, 2));
  }

  SimulatedLink start() {
    a.start();
    b.start();
    return this;
  }

  static LinkProtocol.Settings settings(long node) {
    return settings(node, OptionalLong.empty());
  }

  static LinkProtocol.Settings settings(long node, OptionalLong expectedPeer) {
    return new LinkProtocol.Settings(
        node, fingerprint(node), "192.0.2.1:7000", true, false, expectedPeer);
  }

  static byte[] fingerprint(long node) {
    return ByteBuffer.allocate(IntroductionCheck.FINGERPRINT).putLong(node).array();
  }
}

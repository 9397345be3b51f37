package dev.weft.mesh.link;

import static dev.weft.mesh.link.SimulatedLink.A;
import static dev.weft.mesh.link.SimulatedLink.B;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.mesh.proto.LinkControlFrame;
import dev.weft.mesh.proto.LinkControlMessage;
import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever arrives, a link lives on. */
class LinkFuzzTest {
  private static final int FRAMES = Integer.getInteger("weft.fuzz.frames", 100_000);
  private static final Impairment FAST = Impairment.delay(MILLISECONDS.toNanos(1));

  private final SimulatedLink link = SimulatedLink.between(FAST, FAST).start();
  private final List<byte[]> genuine = new ArrayList<>();

  private FrameFuzzer fuzzer(int seed) {
    link.a.announce(List.of(new RouteAnnouncement(5, List.of(A), 7)));
    link.b.announce(List.of(new RouteAnnouncement(6, List.of(B), 7)));
    for (int i = 0; i < 20; i++) {
      link.clock.pass(MILLISECONDS.toNanos(50));
      link.a.send(A, B, Unpooled.buffer(100).writeLong(i));
      link.b.send(B, A, Unpooled.buffer(100).writeLong(i));
    }
    link.a.sent.forEach(f -> genuine.add(f.bytes()));
    link.b.sent.forEach(f -> genuine.add(f.bytes()));
    return new FrameFuzzer(new Random(seed), new long[] {A, B, 5, 6, 0, -1}, genuine);
  }

  /** Forgets what the ends were told: the test itself needs no more memory than the link. */
  private void forget() {
    for (SimulatedLink.End end : List.of(link.a, link.b)) {
      assertThat(end.told).doesNotContain("down").noneMatch(t -> t.startsWith("failed"));
      end.told.clear();
      end.sent.clear();
      end.messages.clear();
    }
  }

  private static long usedHeap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void shouldLiveOnWhateverArrives() {
    FrameFuzzer fuzzer = fuzzer(1);
    forget();
    long before = usedHeap();
    int answers = 0;

    for (int i = 0; i < FRAMES; i++) {
      ByteBuf frame = fuzzer.frame();
      if (!isTheNextMessage(frame)) {
        link.b.onFrame(frame);
      }
      frame.release();
      if (i % 100 == 99) {
        link.b.onIdle();
        link.clock.pass(MILLISECONDS.toNanos(1));
        answers += link.b.sent.size();
        forget();
      }
    }

    assertThat(usedHeap() - before).isLessThan(4L << 20);
    assertThat(answers).as("no frame makes for more than one").isLessThan(FRAMES);
    for (BadFrame reason : BadFrame.values()) {
      if (reason != BadFrame.UNKNOWN_PEER && reason != BadFrame.NOT_INTRODUCED) {
        assertThat(link.b.protocol.badFrames(reason)).as("%s", reason).isPositive();
      }
    }
    assertThat(link.b.protocol.controlDrops()).isPositive();
    shouldStillWork();
  }

  /**
   * A message with the next sequence number cannot be told from a genuine one; its sender is the
   * other end itself.
   */
  private boolean isTheNextMessage(ByteBuf frame) {
    FrameLabel label = new FrameLabel(B);
    label.peer(A);
    ByteBuf copy = frame.duplicate();
    if (label.read(copy) != null || !label.isControl()) {
      return false;
    }
    try {
      LinkControlFrame control = LinkControlFrame.parseFrom(copy.nioBuffer());
      return control.hasMessage() && control.getMessage().getSequence() == lastSequence() + 1;
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  /** Of the messages of A that B has processed: those of {@link #genuine}. */
  private long lastSequence() {
    if (last == 0) {
      last = genuineSequence();
    }
    return last;
  }

  private long last;

  private long genuineSequence() {
    long sequence = 0;
    FrameLabel label = new FrameLabel(B);
    label.peer(A);
    for (byte[] bytes : genuine) {
      ByteBuf frame = Unpooled.wrappedBuffer(bytes);
      try {
        if (label.read(frame) == null && label.isControl()) {
          LinkControlFrame control = LinkControlFrame.parseFrom(frame.nioBuffer());
          SetRoute routes = control.getMessage().getSetRoute();
          if (routes.getRoutesCount() == 1 && routes.getRoutes(0).getDestination() == 5) {
            sequence = control.getMessage().getSequence();
          }
        }
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
    }
    return sequence;
  }

  private void shouldStillWork() {
    link.a.announce(List.of(new RouteAnnouncement(8, List.of(A), 9)));
    link.b.announce(List.of(new RouteAnnouncement(9, List.of(B), 9)));
    link.a.send(A, B, Unpooled.buffer(100).writeByte(1));
    link.b.send(B, A, Unpooled.buffer(100).writeByte(2));
    link.clock.pass(SECONDS.toNanos(3));

    assertThat(link.b.announced).containsExactly(new RouteAnnouncement(8, List.of(A), 9));
    assertThat(link.a.announced).containsExactly(new RouteAnnouncement(9, List.of(B), 9));
    assertThat(link.b.messages).contains(new byte[] {1});
    assertThat(link.a.messages).contains(new byte[] {2});
    assertThat(link.a.up).isTrue();
    assertThat(link.b.up).isTrue();
    assertThat(link.b.rtt).isEqualTo(2000);
  }

  @Test
  void shouldLiveOnBeforeTheOtherEndIsKnown() {
    SimulatedClock clock = new SimulatedClock();
    MemoryTransport.Pair pair = MemoryTransport.on(clock, FAST, FAST);
    SimulatedLink late =
        new SimulatedLink(
            clock,
            new SimulatedLink.End(
                clock, pair.a(), SimulatedLink.settings(A), LinkProtocol.VERSION, 1),
            new SimulatedLink.End(
                clock, pair.b(), SimulatedLink.settings(B), LinkProtocol.VERSION, 2));
    late.b.start();
    Random random = new Random(3);

    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(80)];
      random.nextBytes(bytes);
      late.b.onFrame(Unpooled.wrappedBuffer(bytes));
    }
    late.a.start();
    clock.pass(SECONDS.toNanos(2));

    assertThat(late.b.protocol.badFrames(BadFrame.UNKNOWN_PEER)).isPositive();
    assertThat(late.b.protocol.badFrames(BadFrame.NOT_INTRODUCED)).isPositive();
    assertThat(late.a.up).isTrue();
    assertThat(late.b.up).isTrue();
  }

  /** A peer that lies about its routes harms itself at most. */
  @Test
  void shouldBearAHostileAnnouncement() {
    HostilePeer peer = new HostilePeer();
    long before = usedHeap();

    for (int part = 0; part < 2500; part++) {
      SetRoute.Builder routes = SetRoute.newBuilder();
      for (int i = 0; i < 40; i++) {
        routes.addRoutes(
            Route.newBuilder()
                .setDestination(i == 0 ? B : 1000 + part * 40 + i)
                .addHops(A)
                .setRttUs(i % 3 == 0 ? -part : Long.MAX_VALUE));
      }
      peer.announce(routes);
      link.clock.pass(MILLISECONDS.toNanos(2));
      forget();
    }
    assertThat(usedHeap() - before).isLessThan(4L << 20);
    peer.announce(SetRoute.newBuilder().setIsEnd(true));

    // Of the own id there was one in each part.
    assertThat(link.b.announced).hasSizeBetween(9_500, AnnouncementWriter.MOST_ROUTES);
    assertThat(link.b.announced)
        .extracting(RouteAnnouncement::rttMicros)
        .containsOnly(RouteAnnouncement.UNKNOWN, 0L);
    assertThat(link.b.protocol.refusedRoutes()).isGreaterThan(90_000);
    assertThat(link.b.up).isTrue();
  }

  @Test
  void shouldNotBeKeptBusyByAnnouncements() {
    HostilePeer peer = new HostilePeer();
    forget();

    for (int i = 0; i < 5_000; i++) {
      peer.announce(
          SetRoute.newBuilder()
              .setChanges(true)
              .setIsEnd(true)
              .addRoutes(Route.newBuilder().setDestination(i).addHops(A)));
    }
    link.b.onIdle();
    link.clock.pass(MILLISECONDS.toNanos(30));

    assertThat(link.b.told).filteredOn(t -> t.startsWith("announced")).hasSizeLessThan(4);
    assertThat(link.b.announced).hasSize(5_000);
  }

  /** Speaks for A, with the right sequence numbers. */
  private final class HostilePeer {
    private long sequence;

    HostilePeer() {
      fuzzer(1);
      sequence = genuineSequence();
    }

    void announce(SetRoute.Builder routes) {
      byte[] payload =
          LinkControlFrame.newBuilder()
              .setMessage(
                  LinkControlMessage.newBuilder().setSequence(++sequence).setSetRoute(routes))
              .build()
              .toByteArray();
      ByteBuf frame = Unpooled.buffer().writeBytes(payload);
      FrameLabel label = new FrameLabel(A);
      label.control(false).write(frame);
      link.b.onFrame(frame);
    }
  }
}

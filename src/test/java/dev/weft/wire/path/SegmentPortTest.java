package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.linux.VnetHeader;
import dev.weft.rpc.Caller;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SegmentPortTest {
  private static final String TO_ALL = "ffffffffffff" + "020000000001" + "88b5" + "00".repeat(1386);
  private static final int FRAME = TO_ALL.length() / 2;

  private final Vertx vertx = Vertx.vertx();
  private final Segment segment = new Segment(System::nanoTime);
  private final SegmentPort one = segment.port(new TrafficCounter());
  private final TrafficCounter sent = new TrafficCounter();
  private final SegmentPort two = segment.port(sent);

  /** Of the port that was attached last. */
  private Driver.Handle handle;

  @AfterEach
  void end() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldHandABatchToTheOtherPortsAlone() throws Exception {
    Taker back = attach(one);
    Taker there = attach(two);

    send(3);

    await().until(() -> there.bytes.size() == 1);
    assertThat(there.bytes.peek()).isGreaterThan(3 * FRAME);
    assertThat(back.bytes).isEmpty();
    assertThat(sent.read().frames()).isEqualTo(3);
    assertThat(sent.read().bytes()).isEqualTo(3L * FRAME);
  }

  @Test
  void shouldHandOnAFrameAsItCameThoughOnePeerTakesItInPartsAlone() throws Exception {
    Taker there = attach(two);
    ByteBuffer frame = ByteBuffer.wrap(new byte[14 + 20 + 8 + 200]);
    frame.putLong(0, -1).putShort(12, (short) 0x0800).put(14, (byte) 0x45);
    frame.putShort(16, (short) 228).put(23, (byte) 17).putShort(38, (short) 208);
    long word =
        VnetHeader.word(VnetHeader.NEEDS_CHECKSUM, VnetHeader.GSO_UDP_L4, 14 + 20 + 8, 100, 34);
    ByteBuf source = Unpooled.directBuffer().writeBytes(frame.array());

    one.onFrame(source, 0, frame.capacity(), word, 6);
    one.flush();

    await().until(() -> sent.read().frames() == 2);
    assertThat(there.bytes).hasSize(1);
    assertThat(ByteBufUtil.getBytes(source)).isEqualTo(frame.array());
    source.release();
  }

  @Test
  void shouldKeepALittleWhileTheStreamIsFullAndDropTheRest() throws Exception {
    Taker there = attach(two);
    there.full = true;
    send(1);
    await().until(() -> there.bytes.size() == 1);

    // Each in a batch of its own, of 4 KiB.
    for (int i = 0; i < 100; i++) {
      send(1);
    }

    int kept = SegmentPort.MOST_QUEUED / 4096;
    await().until(() -> sent.drops(DropCause.QUEUE) == 100 - kept);
    there.full = false;
    there.loop.run(there.drained);
    await().until(() -> there.bytes.size() == 1 + kept);
    assertThat(sent.drops(DropCause.QUEUE)).isEqualTo(100 - kept);
  }

  @Test
  void shouldDropWhatWaitsForAStreamThatIsClosed() throws Exception {
    Taker there = attach(two);
    there.full = true;
    send(1);
    await().until(() -> there.bytes.size() == 1);
    send(1);

    handle.close();

    await().until(() -> sent.drops(DropCause.QUEUE) == 1);
  }

  @Test
  void shouldBoundWhatWaitsForALoopThatStandsStill() throws Exception {
    Taker there = attach(two);
    CountDownLatch still = new CountDownLatch(1);
    there.loop.run(() -> hold(still));

    for (int i = 0; i < 2000; i++) {
      send(1);
    }

    long most = (1L << 20) / FRAME + 1;
    assertThat(sent.drops(DropCause.QUEUE)).isGreaterThanOrEqualTo(2000 - most);
    still.countDown();
    await().until(() -> sent.read().frames() + sent.drops(DropCause.QUEUE) == 2000);
  }

  @Test
  void shouldSendNothingIntoAStreamThatIsClosed() throws Exception {
    Taker there = attach(two);
    two.close();

    send(1);
    Taker third = attach(segment.port(new TrafficCounter()));
    send(1);

    await().until(() -> third.bytes.size() == 1);
    assertThat(there.bytes).isEmpty();
  }

  @Test
  void shouldTakeFramesThatComeOverAStreamOfAPeer() throws Exception {
    Taker there = attach(two);
    TrafficCounter received = new TrafficCounter();
    WireEnd end = new WireEnd(7, caller -> true, one, new TrafficCounter(), received);
    WireEnds ends = new WireEnds();
    ends.add(end);
    LocalStream stream = new LocalStream(there.loop, Caller.member("a", "here"));
    new FrameReceiver(ends).serve(stream);

    stream.write(message(7), () -> {});
    stream.write(message(8), () -> {});

    await().until(() -> there.bytes.size() == 1);
    assertThat(received.read().frames()).isEqualTo(1);
    assertThat(received.read().bytes()).isEqualTo(FRAME);
    assertThat(stream.ended().failed()).as("interface id 8 is no wire's here").isTrue();
    end.close();
    assertThat(segment.isEmpty()).as("port two is still there").isFalse();
  }

  /** The message that a peer sends for the frame. */
  private static ByteBuf message(long interfaceId) {
    ByteBuf message = Unpooled.directBuffer();
    ByteBuffer frame = ByteBuffer.wrap(HexFormat.of().parseHex(TO_ALL));
    new PacketWriter(interfaceId, PacketWriter.Peer.VNET).write(frame, VnetHeader.NONE, 0, message);
    return message;
  }

  private void send(int frames) {
    ByteBuf frame = Unpooled.directBuffer().writeBytes(HexFormat.of().parseHex(TO_ALL));
    for (int i = 0; i < frames; i++) {
      one.onFrame(frame, 0, FRAME, VnetHeader.NONE, 0);
    }
    one.flush();
    frame.release();
  }

  private static void hold(CountDownLatch until) {
    try {
      until.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Taker attach(SegmentPort port) throws Exception {
    Lane lane = new Lane(null);
    vertx.deployVerticle(lane).toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
    Taker taker = new Taker(lane.loop());
    handle = port.attach(new FrameSink(new PacketWriter(1, PacketWriter.Peer.VNET), taker), lane);
    return taker;
  }

  /** A stream that counts what it is given. */
  private static final class Taker implements OutStream {
    final Loop loop;
    final Queue<Integer> bytes = new ConcurrentLinkedQueue<>();
    volatile boolean full;
    volatile Runnable drained;

    Taker(Loop loop) {
      this.loop = loop;
    }

    @Override
    public Loop loop() {
      return loop;
    }

    @Override
    public boolean write(ByteBuf batch, Runnable again) {
      bytes.add(batch.readableBytes());
      batch.release();
      drained = again;
      return !full;
    }

    @Override
    public void limitUnsent(int most) {}

    @Override
    public Future<Void> finish() {
      return Future.succeededFuture();
    }

    @Override
    public Future<Void> ended() {
      return Future.future(never -> {});
    }
  }
}

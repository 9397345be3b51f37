package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the links of every kind must do. */
@Timeout(120)
abstract class TransportContract {
  private static final Duration WITHIN = Duration.ofSeconds(40);

  /** After which it is sent again. */
  private static final Duration RESEND = Duration.ofSeconds(1);

  /** What is sent at once: less than any kind drops. */
  private static final int BURST_BYTES = 32 << 10;

  final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));

  /** Both ends of a link. */
  record Ends(Transport one, Transport other) {}

  /** A link that stands. */
  abstract Ends link() throws Exception;

  /** More bytes than may wait for a peer that does not read, kernel's buffers included. */
  int plenty() {
    return 32 << 20;
  }

  private final List<Transport> opened = new ArrayList<>();

  private Ends open() throws Exception {
    Ends ends = link();
    opened.add(ends.one());
    opened.add(ends.other());
    return ends;
  }

  /** Whether an end learns that the other was closed. */
  boolean tellsTheOther() {
    return true;
  }

  @AfterEach
  void close() throws Exception {
    opened.forEach(transport -> transport.close("the test is over"));
    result(vertx.close());
  }

  static <T> T result(Future<T> future) throws Exception {
    try {
      return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } catch (TimeoutException e) {
      throw new AssertionError("nothing within 30 s", e);
    }
  }

  static byte[] frame(int length) {
    byte[] frame = new byte[length];
    new SplittableRandom(length).nextBytes(frame);
    return frame;
  }

  static void send(Transport from, Collection<byte[]> frames) {
    from.loop()
        .run(
            () -> {
              frames.forEach(frame -> from.send(Unpooled.copiedBuffer(frame)));
              from.flush();
            });
  }

  /** Sends, again what got lost, until all have arrived. */
  private static void carry(Transport from, List<byte[]> frames, ReceivedFrames to) {
    List<byte[]> missing = frames;
    for (long end = System.nanoTime() + WITHIN.toNanos(); !missing.isEmpty(); ) {
      assertThat(System.nanoTime())
          .as("time, as %s frames are missing", missing.size())
          .isLessThan(end);
      int bytes = 0;
      int burst = 0;
      while (burst < missing.size() && bytes < BURST_BYTES) {
        bytes += missing.get(burst++).length;
      }
      List<byte[]> sent = missing.subList(0, burst);
      send(from, sent);
      long patience = System.nanoTime() + RESEND.toNanos();
      await()
          .pollInterval(Duration.ofMillis(5))
          .until(() -> System.nanoTime() > patience || missing(sent, to).isEmpty());
      missing = missing(missing, to);
    }
    to.frames().forEach(got -> assertThat(got).isEqualTo(frame(got.length)));
  }

  private static List<byte[]> missing(List<byte[]> sent, ReceivedFrames to) {
    Set<Integer> arrived = to.frames().stream().map(f -> f.length).collect(Collectors.toSet());
    return sent.stream().filter(f -> !arrived.contains(f.length)).toList();
  }

  @Test
  void shouldCarryFramesOfEveryLengthBothWays() throws Exception {
    List<byte[]> frames =
        IntStream.rangeClosed(1, FrameLabel.MAX_FRAME).mapToObj(TransportContract::frame).toList();
    Ends ends = open();
    ReceivedFrames one = ReceivedFrames.of(ends.one());
    ReceivedFrames other = ReceivedFrames.of(ends.other());

    carry(ends.one(), frames, other);
    carry(ends.other(), frames, one);

    assertThat(other.idle()).isPositive();
    assertThat(one.elsewhere() + other.elsewhere()).isZero();
    assertThat(one.reasons()).isEmpty();
  }

  @Test
  void shouldKeepWhatArrivesBeforeSomebodyReceives() throws Exception {
    Ends ends = open();
    send(ends.one(), List.of(frame(100)));
    ReceivedFrames one = ReceivedFrames.of(ends.one());
    send(ends.other(), List.of(frame(50)));
    await().atMost(WITHIN).until(() -> one.frames().size() == 1);

    ReceivedFrames other = ReceivedFrames.of(ends.other());

    await().atMost(WITHIN).until(() -> other.frames().size() == 1);
    assertThat(other.frames().get(0)).isEqualTo(frame(100));
  }

  @Test
  void shouldTellBothEndsOnceThatItIsClosed() throws Exception {
    Ends ends = open();
    ReceivedFrames one = ReceivedFrames.of(ends.one());
    ReceivedFrames other = ReceivedFrames.of(ends.other());

    ends.one().close("enough");
    ends.one().close("more than enough");

    int told = tellsTheOther() ? 1 : 0;
    await().atMost(WITHIN).until(() -> !one.reasons().isEmpty() && other.reasons().size() >= told);
    assertThat(one.reasons()).containsExactly("enough");
    assertThat(other.reasons()).hasSize(told).doesNotContain("", "enough");
  }

  @Test
  void shouldTellAReceiverThatComesTooLate() throws Exception {
    Ends ends = open();
    ends.one().close("too late");

    ReceivedFrames one = ReceivedFrames.of(ends.one());

    await().atMost(WITHIN).until(() -> one.reasons().equals(List.of("too late")));
  }

  @Test
  void shouldDropWhatIsNoFrame() throws Exception {
    Ends ends = open();
    ReceivedFrames other = ReceivedFrames.of(ends.other());

    send(ends.one(), List.of(new byte[0], frame(FrameLabel.MAX_FRAME + 1)));
    carry(ends.one(), List.of(frame(7)), other);

    assertThat(ends.one().dropped()).isEqualTo(2);
    assertThat(other.frames()).allSatisfy(frame -> assertThat(frame).hasSize(7));
  }

  @Test
  void shouldBoundWhatWaitsForAPeerThatDoesNotRead() throws Exception {
    Ends ends = open();
    ByteBuf frame = Unpooled.copiedBuffer(frame(FrameLabel.MAX_FRAME));
    int frames = plenty() / FrameLabel.MAX_FRAME;

    for (int sent = 0; sent < frames; sent += 100) {
      Transport one = ends.one();
      result(
          one.loop()
              .call(
                  () -> {
                    for (int i = 0; i < 100; i++) {
                      one.send(frame.retain());
                    }
                    one.flush();
                    return Future.succeededFuture();
                  }));
    }

    assertThat(ends.one().dropped()).isGreaterThan(frames / 2);
    ends.one().close("enough");
    await().atMost(WITHIN).until(() -> frame.refCnt() == 1);
  }
}

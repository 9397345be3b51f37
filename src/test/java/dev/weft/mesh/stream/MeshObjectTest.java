package dev.weft.mesh.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pairs whose two ends are in one node. */
class MeshObjectTest {
  private static ChannelMessage text(String text) {
    return ChannelMessage.of(Buffer.buffer(text));
  }

  private static Fault fault(Future<?> failed) {
    return ((WeftException) failed.cause()).fault();
  }

  private static List<String> reads(MeshChannel end) {
    List<String> read = new ArrayList<>();
    end.handler(m -> read.add(m.bytes().toString()));
    return read;
  }

  @Test
  void shouldCarryMessagesInOrderBothWays() {
    MeshChannel.Ends ends = MeshChannel.pair();
    assertThat(ends.one().write(text("1")).succeeded()).isTrue();
    List<String> atOther = reads(ends.other());
    ends.one().write(text("2"));
    List<String> atOne = reads(ends.one());
    ends.other().write(text("3"));

    assertThat(atOther).containsExactly("1", "2");
    assertThat(atOne).containsExactly("3");
  }

  @Test
  void shouldHoldWhatIsNotAskedFor() {
    MeshChannel.Ends ends = MeshChannel.pair();
    List<String> read = reads(ends.other());
    ends.other().pause();
    ends.one().write(text("1"));
    ends.one().write(text("2"));
    assertThat(read).isEmpty();

    ends.other().fetch(1);
    assertThat(read).containsExactly("1");
    ends.other().resume();
    assertThat(read).containsExactly("1", "2");
  }

  @Test
  void shouldAskTheWriterToWaitAndRefuseBeyondABound() {
    MeshSocket.Ends ends = MeshSocket.streams();
    List<String> drained = new ArrayList<>();
    ends.one().drainHandler(v -> drained.add("drained"));
    Buffer piece = Buffer.buffer(new byte[16_384]);
    int pieces = 0;
    while (!ends.one().writeQueueFull()) {
      ends.one().write(piece);
      pieces++;
    }
    assertThat(pieces).isBetween(8, 32);

    Future<Void> last = Future.succeededFuture();
    for (int i = 0; i < 1000 && last.succeeded(); i++) {
      last = ends.one().write(piece);
    }
    assertThat(fault(last)).isEqualTo(Fault.EXHAUSTED);

    assertThat(ends.one().writeQueueFull()).isTrue();
    ends.other().handler(b -> {});
    assertThat(drained).containsExactly("drained");
    assertThat(ends.one().writeQueueFull()).isFalse();
  }

  @Test
  void shouldTellThatThePeerIsClosedAfterItsMessages() {
    MeshChannel.Ends ends = MeshChannel.pair();
    ends.one().write(text("last"));
    ends.one().close();
    List<String> read = new ArrayList<>();
    ends.other().onPeerClosed(why -> read.add("closed:" + why));
    assertThat(ends.other().peerClosed()).isFalse();

    ends.other().handler(m -> read.add(m.bytes().toString()));

    assertThat(read).containsExactly("last", "closed:");
    assertThat(ends.other().peerClosed()).isTrue();
    assertThat(fault(ends.other().write(text("?")))).isEqualTo(Fault.UNAVAILABLE);
    assertThat(fault(ends.one().write(text("?")))).isEqualTo(Fault.PRECONDITION);
  }

  @Test
  void shouldTellAReasonAsAFailure() {
    MeshSocket.Ends ends = MeshSocket.streams();
    List<String> told = new ArrayList<>();
    ends.other().exceptionHandler(e -> told.add(e.getMessage()));
    ends.other().endHandler(v -> told.add("end"));
    ends.other().onPeerClosed(told::add);

    ends.one().close("connection reset");

    assertThat(told).containsExactly("connection reset", "end", "connection reset");
  }

  @Test
  void shouldTellAnEndThatCameBeforeItsHandlers() {
    MeshSocket.Ends ends = MeshSocket.streams();
    ends.one().write(Buffer.buffer("a"));
    ends.one().end();
    ends.other().end();
    List<String> told = new ArrayList<>();

    ends.other().handler(b -> told.add(b.toString()));
    ends.other().endHandler(v -> told.add("end"));
    ends.other().onPeerClosed(why -> told.add("closed"));

    assertThat(told).containsExactly("a", "end", "closed");
  }

  @Test
  void shouldKeepAnEndedSocketForWhoeverGetsIt() {
    MeshChannel.Ends carrier = MeshChannel.pair();
    MeshSocket.Ends ends = MeshSocket.streams();
    ends.one().end();
    carrier.one().write(new ChannelMessage(Buffer.buffer(), List.of(ends.one())));
    ends.other().write(Buffer.buffer("a"));
    ends.other().end();
    List<String> told = new ArrayList<>();

    carrier
        .other()
        .handler(m -> ((MeshSocket) m.objects().get(0)).handler(b -> told.add(b.toString())));

    assertThat(told).containsExactly("a");
  }

  @Test
  void shouldEndOneDirectionOfASocketAndReadOn() {
    MeshSocket.Ends ends = MeshSocket.streams();
    List<String> told = new ArrayList<>();
    ends.one().handler(b -> told.add("one " + b));
    ends.other().handler(b -> told.add("other " + b));
    ends.other().endHandler(v -> told.add("end"));
    ends.one().onPeerClosed(why -> told.add("one closed"));
    ends.other().onPeerClosed(why -> told.add("other closed"));

    ends.one().write(Buffer.buffer("a"));
    ends.one().end();
    ends.other().write(Buffer.buffer("b"));
    assertThat(told).containsExactly("other a", "end", "one b");
    assertThat(fault(ends.one().write(Buffer.buffer("?")))).isEqualTo(Fault.PRECONDITION);

    ends.other().end();
    assertThat(told)
        .containsExactlyInAnyOrder("other a", "end", "one b", "one closed", "other closed");
  }

  @Test
  void shouldCutLongWritesOfAStreamAndRefuseLongDatagrams() {
    MeshSocket.Ends streams = MeshSocket.streams();
    byte[] bytes = new byte[200_000];
    new java.util.Random(1).nextBytes(bytes);
    Buffer read = Buffer.buffer();
    streams.other().handler(read::appendBuffer);
    streams.one().write(Buffer.buffer(bytes));
    assertThat(read.getBytes()).isEqualTo(bytes);

    MeshSocket.Ends datagrams = MeshSocket.datagrams();
    List<Integer> lengths = new ArrayList<>();
    datagrams.other().handler(b -> lengths.add(b.length()));
    datagrams.one().write(Buffer.buffer());
    datagrams.one().write(Buffer.buffer(new byte[65_536]));
    assertThat(fault(datagrams.one().write(Buffer.buffer(new byte[65_537]))))
        .isEqualTo(Fault.INVALID);
    assertThat(lengths).containsExactly(0, 65_536);
  }

  @Test
  void shouldRefuseMessagesThatAreTooBig() {
    assertThatThrownBy(() -> ChannelMessage.of(Buffer.buffer(new byte[65_537])))
        .hasMessage("message: 65537 bytes (expected: at most 65536)");
    List<MeshObject> objects = new ArrayList<>();
    for (int i = 0; i < 65; i++) {
      objects.add(EventPair.pair().one());
    }
    assertThatThrownBy(() -> new ChannelMessage(Buffer.buffer(), objects))
        .hasMessage("message: 65 objects (expected: at most 64)");
  }

  @Test
  void shouldTakeObjectsAlong() {
    MeshChannel.Ends carrier = MeshChannel.pair();
    MeshChannel.Ends carried = MeshChannel.pair();
    List<String> atCarried = reads(carried.one());
    List<MeshObject> got = new ArrayList<>();
    carrier.other().handler(m -> got.addAll(m.objects()));

    carrier.one().write(new ChannelMessage(Buffer.buffer(), List.of(carried.other())));

    assertThat(fault(carried.other().write(text("?")))).isEqualTo(Fault.PRECONDITION);
    assertThat(got).hasSize(1);
    ((MeshChannel) got.get(0)).write(text("from its new owner"));
    assertThat(atCarried).containsExactly("from its new owner");
  }

  @Test
  void shouldTakeAnObjectOnceAndNotItself() {
    MeshChannel.Ends carrier = MeshChannel.pair();
    EventPair.Ends events = EventPair.pair();

    assertThat(
            fault(
                carrier
                    .one()
                    .write(
                        new ChannelMessage(Buffer.buffer(), Collections.nCopies(2, events.one())))))
        .isEqualTo(Fault.INVALID);
    assertThat(
            fault(carrier.one().write(new ChannelMessage(Buffer.buffer(), List.of(carrier.one())))))
        .isEqualTo(Fault.INVALID);
  }

  @Test
  void shouldCloseObjectsOfMessagesThatNobodyReads() {
    MeshChannel.Ends carrier = MeshChannel.pair();
    EventPair.Ends read = EventPair.pair();
    List<String> told = new ArrayList<>();
    read.one().onPeerClosed(why -> told.add("peer closed"));
    carrier.one().write(new ChannelMessage(Buffer.buffer(), List.of(read.other())));

    carrier.other().close();

    assertThat(told).containsExactly("peer closed");
  }

  @Test
  void shouldShowSignals() {
    EventPair.Ends ends = EventPair.pair();
    List<Integer> seen = new ArrayList<>();
    ends.other().onSignals(seen::add);
    ends.one().signal(0b101, 0);
    ends.one().signal(0b10, 0b100);
    ends.one().signal(0b10, 0);

    assertThat(seen).containsExactly(0b101, 0b11);
    assertThat(ends.other().signals()).isEqualTo(0b11);
    assertThat(ends.one().signals()).isZero();
    assertThatThrownBy(() -> ends.one().signal(256, 0)).hasMessageContaining("0..255");
  }

  @Test
  void shouldAnswerFromAHandlerWithoutEnd() {
    MeshChannel.Ends ends = MeshChannel.pair();
    int[] exchanged = {0};
    ends.one().handler(m -> ends.one().write(m));
    ends.other()
        .handler(
            m -> {
              if (++exchanged[0] < 100_000) {
                ends.other().write(m);
              }
            });

    ends.one().write(text("ball"));

    assertThat(exchanged[0]).isEqualTo(100_000);
  }
}

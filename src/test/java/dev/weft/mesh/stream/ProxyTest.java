package dev.weft.mesh.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.proto.ObjectKind;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pairs whose two ends are in two nodes. */
class ProxyTest {
  private final MemoryMesh mesh = new MemoryMesh(2, 1);

  /** A channel from one node to another. */
  private MeshChannel.Ends channel() {
    MeshChannel.Ends ends = MeshChannel.pair();
    long stream = mesh.proxies(0).open(ends.other(), mesh.dialled(0, 1));
    return new MeshChannel.Ends(
        ends.one(),
        (MeshChannel) mesh.proxies(1).receive(ObjectKind.CHANNEL, stream, mesh.accepted(0, 1)));
  }

  private MeshSocket.Ends socket(MeshSocket.Ends ends) {
    ObjectKind kind = ends.one().kind();
    long stream = mesh.proxies(0).open(ends.other(), mesh.dialled(0, 1));
    return new MeshSocket.Ends(
        ends.one(), (MeshSocket) mesh.proxies(1).receive(kind, stream, mesh.accepted(0, 1)));
  }

  private static ChannelMessage text(String text) {
    return ChannelMessage.of(Buffer.buffer(text));
  }

  private static List<String> reads(MeshChannel end) {
    List<String> read = new ArrayList<>();
    end.handler(m -> read.add(m.bytes().toString()));
    return read;
  }

  private void shouldBeAtRest() {
    mesh.pass(300_000);
    assertThat(mesh.proxies(0).counters().now()).isZero();
    assertThat(mesh.proxies(1).counters().now()).isZero();
    assertThat(mesh.proxies(0).counters().drains()).isZero();
    assertThat(mesh.proxies(1).counters().drains()).isZero();
    assertThat(mesh.streams()).isZero();
  }

  @Test
  void shouldCarryMessagesBothWays() {
    MeshChannel.Ends ends = channel();
    List<String> atOther = reads(ends.other());
    List<String> atOne = reads(ends.one());
    for (int i = 0; i < 100; i++) {
      ends.one().write(text("a" + i));
      ends.other().write(text("b" + i));
    }
    mesh.run();

    assertThat(atOther).hasSize(100).startsWith("a0").endsWith("a99");
    assertThat(atOne).hasSize(100).startsWith("b0").endsWith("b99");
    assertThat(mesh.proxies(0).counters().now()).isEqualTo(1);
  }

  @Test
  void shouldTellThatThePeerIsClosedAfterItsMessages() {
    MeshChannel.Ends ends = channel();
    ends.one().write(text("last"));
    ends.one().close();
    List<String> atOther = reads(ends.other());
    ends.other().onPeerClosed(why -> atOther.add("closed:" + why));
    mesh.run();

    assertThat(atOther).containsExactly("last", "closed:");
    shouldBeAtRest();
  }

  @Test
  void shouldTellAReason() {
    MeshSocket.Ends ends = socket(MeshSocket.streams());
    List<String> told = new ArrayList<>();
    ends.one().exceptionHandler(e -> told.add(e.getMessage()));
    ends.other().close("connection reset by its client");
    mesh.run();

    assertThat(told).containsExactly("connection reset by its client");
    shouldBeAtRest();
  }

  @Test
  void shouldEndOneDirectionOfASocket() {
    MeshSocket.Ends ends = socket(MeshSocket.streams());
    List<String> told = new ArrayList<>();
    ends.other().handler(b -> told.add(b.toString()));
    ends.other().endHandler(v -> told.add("end"));
    ends.one().write(Buffer.buffer("request"));
    ends.one().end();
    mesh.run();
    assertThat(String.join("", told)).isEqualTo("requestend");

    List<String> back = new ArrayList<>();
    ends.one().handler(b -> back.add(b.toString()));
    ends.one().endHandler(v -> back.add("end"));
    ends.other().write(Buffer.buffer("answer"));
    ends.other().end();
    mesh.run();
    assertThat(String.join("", back)).isEqualTo("answerend");
    shouldBeAtRest();
  }

  @Test
  void shouldKeepDatagramsWhole() {
    MeshSocket.Ends ends = socket(MeshSocket.datagrams());
    List<Integer> lengths = new ArrayList<>();
    ends.other().handler(b -> lengths.add(b.length()));
    List.of(0, 1, 65_536, 0, 1400).forEach(n -> ends.one().write(Buffer.buffer(new byte[n])));
    mesh.run();

    assertThat(lengths).containsExactly(0, 1, 65_536, 0, 1400);
  }

  @Test
  void shouldCarrySignals() {
    EventPair.Ends ends = EventPair.pair();
    ends.one().signal(0b1000, 0);
    long stream = mesh.proxies(0).open(ends.other(), mesh.dialled(0, 1));
    EventPair other =
        (EventPair) mesh.proxies(1).receive(ObjectKind.EVENT_PAIR, stream, mesh.accepted(0, 1));
    mesh.run();
    assertThat(other.signals()).isEqualTo(0b1000);

    ends.one().signal(0b11, 0b1000);
    other.signal(0b10000000, 0);
    mesh.run();
    assertThat(other.signals()).isEqualTo(0b11);
    assertThat(ends.one().signals()).isEqualTo(0b10000000);
  }

  @Test
  void shouldLetASlowReaderHoldTheWriter() {
    MeshSocket.Ends ends = socket(MeshSocket.streams());
    Buffer piece = Buffer.buffer(new byte[10_000]);
    ends.other().pause();
    long written = 0;
    for (int i = 0; i < 10_000; i++) {
      if (!ends.one().writeQueueFull()) {
        ends.one().write(piece);
        written += piece.length();
      }
      mesh.run();
    }
    assertThat(written).isLessThan(1_000_000);
    assertThat(mesh.mostWaiting).isLessThan(200_000);

    long[] read = {0};
    boolean[] drained = {false};
    ends.one().drainHandler(v -> drained[0] = true);
    ends.other().handler(b -> read[0] += b.length());
    ends.other().resume();
    mesh.run();
    assertThat(read[0]).isEqualTo(written);
    assertThat(drained[0]).isTrue();
  }

  @Test
  void shouldGiveObjectsToAnotherNode() {
    MeshChannel.Ends carrier = channel();
    MeshChannel.Ends carried = MeshChannel.pair();
    EventPair.Ends events = EventPair.pair();
    List<String> atCarried = reads(carried.one());
    carried.one().write(text("before"));
    List<MeshObject> got = new ArrayList<>();
    carrier.other().handler(m -> got.addAll(m.objects()));
    carrier
        .one()
        .write(new ChannelMessage(Buffer.buffer(), List.of(carried.other(), events.one())));
    mesh.run();

    assertThat(got).hasSize(2);
    MeshChannel there = (MeshChannel) got.get(0);
    List<String> atThere = reads(there);
    there.write(text("from there"));
    mesh.run();
    assertThat(atThere).containsExactly("before");
    assertThat(atCarried).containsExactly("from there");

    got.forEach(MeshObject::close);
    carrier.one().close();
    carried.one().close();
    events.other().close();
    mesh.run();
    carrier.other().close();
    shouldBeAtRest();
  }

  @Test
  void shouldTellOfALostConnection() {
    MeshChannel.Ends ends = channel();
    List<String> told = new ArrayList<>();
    ends.one().onPeerClosed(told::add);
    ends.other().onPeerClosed(told::add);
    mesh.run();

    mesh.cut(0, 1);

    assertThat(told).containsExactly("connection lost", "connection lost");
    shouldBeAtRest();
  }

  @Test
  void shouldCloseWhatNeverArrived() {
    MeshChannel.Ends carrier = channel();
    EventPair.Ends events = EventPair.pair();
    List<String> told = new ArrayList<>();
    events.other().onPeerClosed(told::add);
    carrier.other().close();
    carrier.one().write(new ChannelMessage(Buffer.buffer(), List.of(events.one())));
    mesh.run();

    assertThat(told).hasSize(1);
    shouldBeAtRest();
  }
}

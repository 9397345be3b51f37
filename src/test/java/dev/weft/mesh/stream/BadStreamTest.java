package dev.weft.mesh.stream;

import static dev.weft.mesh.stream.StreamFrames.frame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.AckTransfer;
import dev.weft.mesh.proto.BeginTransfer;
import dev.weft.mesh.proto.EndOfData;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.ProxiedMessage;
import dev.weft.mesh.proto.Shutdown;
import dev.weft.mesh.proto.SignalUpdate;
import dev.weft.mesh.proto.StreamControl;
import dev.weft.mesh.proto.StreamRef;
import dev.weft.mesh.proto.TransferAwaiter;
import dev.weft.mesh.proto.TransferInitiator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Node 1 writes by hand what it should not: the stream ends with an error that both ends are told,
 * and another stream of the same connection lives on.
 */
class BadStreamTest {
  private static final ByteString KEY = ByteString.copyFrom(new byte[16]);

  private final MemoryMesh mesh = new MemoryMesh(3, 1);

  /** What node 0 told node 1 on the stream. */
  private final List<String> told = new ArrayList<>();

  private final List<String> closed = new ArrayList<>();
  private MeshChannel.Ends good;
  private PeerStream stream;
  private MeshObject object;

  @BeforeEach
  void begin() {
    good = MeshChannel.pair();
    long id = mesh.proxies(0).open(good.other(), mesh.dialled(0, 1));
    MeshChannel there =
        (MeshChannel) mesh.proxies(1).receive(ObjectKind.CHANNEL, id, mesh.accepted(0, 1));
    good = new MeshChannel.Ends(good.one(), there);
  }

  /** A stream that node 1 opens, of an object that node 0 has. */
  private PeerStream open(ObjectKind kind) {
    stream = mesh.accepted(0, 1).open();
    object = mesh.proxies(0).receive(kind, stream.id(), mesh.dialled(0, 1));
    object.onPeerClosed(closed::add);
    stream.read(new Told());
    return stream;
  }

  private PeerStream openWithHello(ObjectKind kind) {
    open(kind).write(SmallFrames.hello());
    return stream;
  }

  private static ByteBuf raw(long length, long type, int bytes) {
    return Unpooled.buffer().writeIntLE((int) length).writeIntLE((int) type).writeZero(bytes);
  }

  private static ByteBuf control(StreamControl.Builder control) {
    return frame(StreamFrames.Type.CONTROL, control.build());
  }

  /** What node 0 says on the stream. */
  private final class Told implements PeerStream.Reader, StreamFrames.Taker {
    private final StreamFrames frames = StreamFrames.whole(100_000, this);

    @Override
    public void onFrame(StreamFrames.Type type, ByteBuf payload) {
      try {
        if (type == StreamFrames.Type.CONTROL) {
          StreamControl control = StreamControl.parseFrom(payload.nioBuffer());
          told.add(
              control.hasShutdown()
                  ? "shutdown: " + control.getShutdown().getError()
                  : control.getControlCase().toString());
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      frames.receive(bytes);
    }

    @Override
    public void onEnd() {
      told.add("end");
    }

    @Override
    public void onReset(String reason) {
      told.add("reset");
    }
  }

  private void shouldEndWith(String reason) {
    mesh.run();
    assertThat(told).containsExactly("shutdown: " + reason, "end");
    assertThat(closed).containsExactly(reason);
    assertThat(mesh.proxies(0).counters().wrong()).isEqualTo(1);
    shouldLiveOn();
  }

  private void shouldLiveOn() {
    List<String> read = new ArrayList<>();
    good.other().handler(m -> read.add(m.bytes().toString()));
    good.one().write(ChannelMessage.of(Buffer.buffer("still here")));
    mesh.run();
    assertThat(read).containsExactly("still here");
    object.close();
    stream.reset();
    good.one().close();
    good.other().close();
    mesh.pass(300_000);
    for (int n = 0; n < 2; n++) {
      assertThat(mesh.proxies(n).counters().now()).as("node " + n).isZero();
      assertThat(mesh.proxies(n).counters().drains()).as("node " + n).isZero();
      assertThat(mesh.proxies(n).counters().waiting()).as("node " + n).isZero();
    }
    assertThat(mesh.streams()).as(mesh::open).isZero();
  }

  @Test
  void shouldEndOnALengthBeyondAll() {
    openWithHello(ObjectKind.STREAM_SOCKET).write(raw(0xffffffffL, 1, 100));
    shouldEndWith("frame of type 1: 4294967295 bytes (expected: at most 65536)");
  }

  @Test
  void shouldEndOnAnUnknownType() {
    openWithHello(ObjectKind.CHANNEL).write(raw(4, 4, 4));
    shouldEndWith("frame type: 4 (expected: 0..3)");
  }

  @Test
  void shouldEndOnATypeThatIsNegativeAsAnInteger() {
    openWithHello(ObjectKind.CHANNEL).write(raw(4, 0xffffffffL, 4));
    shouldEndWith("frame type: 4294967295 (expected: 0..3)");
  }

  @Test
  void shouldEndOnDataWhereHelloBelongs() {
    open(ObjectKind.CHANNEL).write(raw(0, 1, 0));
    shouldEndWith("frame: DATA (expected: HELLO first)");
  }

  @Test
  void shouldEndOnASecondHello() {
    openWithHello(ObjectKind.CHANNEL).write(SmallFrames.hello());
    shouldEndWith("frame: HELLO (expected: DATA, CONTROL or SIGNAL)");
  }

  @Test
  void shouldEndOnAMessageThatIsTooLong() {
    ProxiedMessage message =
        ProxiedMessage.newBuilder().setBytes(ByteString.copyFrom(new byte[65_537])).build();
    openWithHello(ObjectKind.CHANNEL).write(frame(StreamFrames.Type.DATA, message));
    shouldEndWith("message: 65537 bytes (expected: at most 65536)");
  }

  @Test
  void shouldEndOnTooManyObjects() {
    ProxiedMessage.Builder message = ProxiedMessage.newBuilder();
    for (int i = 0; i < 65; i++) {
      message.addObjects(ref(StreamRef.newBuilder().setCreating(4L * i)));
    }
    openWithHello(ObjectKind.CHANNEL).write(frame(StreamFrames.Type.DATA, message.build()));
    shouldEndWith("message: 65 objects (expected: at most 64)");
  }

  private static ObjectRef ref(StreamRef.Builder stream) {
    return ObjectRef.newBuilder().setKind(ObjectKind.CHANNEL).setStream(stream).build();
  }

  private void write(ObjectRef ref) {
    openWithHello(ObjectKind.CHANNEL)
        .write(frame(StreamFrames.Type.DATA, ProxiedMessage.newBuilder().addObjects(ref).build()));
  }

  @Test
  void shouldEndOnAnObjectWithoutStream() {
    write(ref(StreamRef.newBuilder()));
    shouldEndWith("object: no stream (expected: a stream)");
  }

  @Test
  void shouldEndOnAnObjectOfUnknownKind() {
    write(
        ObjectRef.newBuilder()
            .setKindValue(9)
            .setStream(StreamRef.newBuilder().setCreating(4))
            .build());
    shouldEndWith("object: 9 (expected: a kind from 0 to 3)");
  }

  @Test
  void shouldEndOnAKeyOfAnotherLength() {
    write(
        ref(
            StreamRef.newBuilder()
                .setTransferAwaiter(
                    TransferAwaiter.newBuilder().setTransferKey(KEY.substring(1)))));
    shouldEndWith("transfer key: 15 bytes (expected: 16 bytes)");
  }

  @Test
  void shouldEndOnGarbageInData() {
    ByteBuf garbage = raw(100, 1, 0);
    for (int i = 0; i < 100; i++) {
      garbage.writeByte(0xff);
    }
    openWithHello(ObjectKind.CHANNEL).write(garbage);
    shouldEndWith("Data frame: 100 bytes (expected: a channel's message)");
  }

  @Test
  void shouldEndOnGarbageInControl() {
    ByteBuf garbage = raw(3, 2, 0).writeByte(0xff).writeByte(0xff).writeByte(0xff);
    openWithHello(ObjectKind.CHANNEL).write(garbage);
    shouldEndWith("CONTROL frame: 3 bytes (expected: its message)");
  }

  @Test
  void shouldEndOnControlThatSaysNothing() {
    openWithHello(ObjectKind.CHANNEL).write(control(StreamControl.newBuilder()));
    shouldEndWith("control: CONTROL_NOT_SET (expected: another one here)");
  }

  @Test
  void shouldEndOnASignalBeyondTheEight() {
    openWithHello(ObjectKind.CHANNEL)
        .write(frame(StreamFrames.Type.SIGNAL, SignalUpdate.newBuilder().setSet(256).build()));
    shouldEndWith("signals: 256, 0 (expected: 0..255)");
  }

  @Test
  void shouldEndOnDataOfAnEventPair() {
    openWithHello(ObjectKind.EVENT_PAIR).write(raw(0, 1, 0));
    shouldEndWith("frame of an event pair: DATA (expected: CONTROL or SIGNAL)");
  }

  @Test
  void shouldEndOnDataAfterTheEndOfData() {
    openWithHello(ObjectKind.DATAGRAM_SOCKET)
        .write(control(StreamControl.newBuilder().setEndOfData(EndOfData.getDefaultInstance())));
    stream.write(raw(1, 1, 1));
    shouldEndWith("Data frame: this end has ended");
  }

  @Test
  void shouldEndOnAnAcknowledgementOfNothing() {
    openWithHello(ObjectKind.CHANNEL)
        .write(
            control(StreamControl.newBuilder().setAckTransfer(AckTransfer.getDefaultInstance())));
    shouldEndWith("control: ACK_TRANSFER (expected: it after BEGIN_TRANSFER only)");
  }

  @Test
  void shouldEndOnATransferWithoutKey() {
    openWithHello(ObjectKind.CHANNEL)
        .write(
            control(
                StreamControl.newBuilder()
                    .setBeginTransfer(BeginTransfer.newBuilder().setNewDestination(2))));
    shouldEndWith("transfer key: 0 bytes (expected: 16 bytes)");
  }

  @Test
  void shouldEndWhenTheStreamEndsWithinAFrame() {
    openWithHello(ObjectKind.CHANNEL).write(raw(10, 1, 5));
    stream.finish();
    shouldEndWith("the stream ended within a frame");
  }

  @Test
  void shouldCloseWhenTheStreamEndsWithoutShutdown() {
    openWithHello(ObjectKind.CHANNEL).finish();
    mesh.run();
    assertThat(closed).containsExactly("stream: ended without shutdown");
    shouldLiveOn();
  }

  private void beginTransfer(long to) {
    openWithHello(ObjectKind.CHANNEL)
        .write(
            control(
                StreamControl.newBuilder()
                    .setBeginTransfer(
                        BeginTransfer.newBuilder().setNewDestination(to).setTransferKey(KEY))));
  }

  @Test
  void shouldEndOnAMessageAfterAckTransferThatIsNotShutdown() {
    beginTransfer(2);
    mesh.run();
    assertThat(told).containsExactly("ACK_TRANSFER");

    stream.write(frame(StreamFrames.Type.DATA, ProxiedMessage.getDefaultInstance()));
    mesh.run();

    String reason = "frame after transfer: DATA (expected: CONTROL with shutdown)";
    assertThat(told).containsExactly("ACK_TRANSFER", "shutdown: " + reason, "end");
    assertThat(closed).containsExactly(reason);
    shouldLiveOn();
  }

  @Test
  void shouldEndOnAnotherControlAfterAckTransfer() {
    beginTransfer(2);
    mesh.run();
    stream.write(
        control(StreamControl.newBuilder().setAckTransfer(AckTransfer.getDefaultInstance())));
    mesh.run();

    String reason = "control after ack_transfer: ACK_TRANSFER (expected: SHUTDOWN)";
    assertThat(told).containsExactly("ACK_TRANSFER", "shutdown: " + reason, "end");
    assertThat(closed).containsExactly(reason);
    shouldLiveOn();
  }

  @Test
  void shouldTellAnErrorAfterAckTransfer() {
    beginTransfer(2);
    mesh.run();
    stream.write(
        control(StreamControl.newBuilder().setShutdown(Shutdown.newBuilder().setError("alas"))));
    stream.finish();
    mesh.run();

    assertThat(closed).containsExactly("alas");
    shouldLiveOn();
  }

  @Test
  void shouldGiveUpATransferThatNobodyTakes() {
    beginTransfer(2);
    stream.write(control(StreamControl.newBuilder().setShutdown(Shutdown.getDefaultInstance())));
    mesh.pass(59_000);
    assertThat(closed).isEmpty();
    mesh.pass(10_000);

    assertThat(closed).hasSize(1);
    assertThat(closed.get(0)).contains("not found");
    shouldLiveOn();
  }

  @Test
  void shouldCloseAnEndWhoseTransferGoesToANodeThatIsUnknown() {
    beginTransfer(77);
    mesh.run();

    assertThat(closed).containsExactly("transfer: node 77: no way");
    shouldLiveOn();
  }

  @Test
  void shouldRefuseAnUnknownTransferKey() {
    open(ObjectKind.CHANNEL).write(SmallFrames.hello());
    PeerStream unknown = mesh.accepted(0, 1).open();
    stream = unknown;
    unknown.read(new Told());
    unknown.write(SmallFrames.hello());
    mesh.proxies(0).openTransfer(mesh.dialled(0, 1), unknown.id(), KEY.toByteArray());
    mesh.pass(70_000);

    assertThat(told.get(0))
        .isEqualTo(
            "shutdown: transfer 00000000000000000000000000000000: not found (expected: the key"
                + " of one to this node)");
    unknown.finish();
    mesh.pass(70_000);
    shouldLiveOn();
  }

  @Test
  void shouldRefuseKeysOfAnotherLengthAndASecondStream() {
    open(ObjectKind.CHANNEL).write(SmallFrames.hello());
    StreamConnection from = mesh.dialled(0, 1);
    PeerStream one = mesh.accepted(0, 1).open();
    PeerStream two = mesh.accepted(0, 1).open();
    PeerStream three = mesh.accepted(0, 1).open();
    List.of(one, two, three)
        .forEach(
            s -> {
              s.read(new Told());
              s.write(SmallFrames.hello());
              s.finish();
            });
    assertThatThrownBy(() -> mesh.proxies(0).openTransfer(from, one.id(), new byte[15]))
        .hasMessage("transfer key: 15 bytes (expected: 16 bytes)");
    mesh.proxies(0).openTransfer(from, two.id(), KEY.toByteArray());
    assertThatThrownBy(() -> mesh.proxies(0).openTransfer(from, three.id(), KEY.toByteArray()))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.CONFLICT));
    mesh.pass(100_000);
    shouldLiveOn();
  }

  /** Another node opens a transfer to which no end comes. */
  private void openTransfer(int node, int number) {
    PeerStream stream = mesh.accepted(0, node).open();
    stream.read(new Told());
    stream.write(SmallFrames.hello());
    stream.finish();
    byte[] key = Buffer.buffer(new byte[12]).appendInt(number).getBytes();
    mesh.proxies(0).openTransfer(mesh.dialled(0, node), stream.id(), key);
  }

  @Test
  void shouldBoundHowManyTransfersOfANodeWait() {
    open(ObjectKind.CHANNEL).write(SmallFrames.hello());
    for (int i = 0; i < Meetings.MAX_OF_ONE; i++) {
      openTransfer(1, i);
    }

    assertThatThrownBy(() -> openTransfer(1, Meetings.MAX_OF_ONE))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.EXHAUSTED))
        .hasMessage(
            "transfer: 256 others of node 0000000000000001 wait here (expected: fewer than 256)");
    openTransfer(2, Meetings.MAX_OF_ONE);
    assertThat(mesh.proxies(0).counters().waiting()).isEqualTo(Meetings.MAX_OF_ONE + 1);
    mesh.pass(100_000);
    assertThat(mesh.proxies(0).counters().waiting()).isZero();
    shouldLiveOn();
  }

  @Test
  void shouldCloseAnObjectWhoseStreamsNeverCome() {
    open(ObjectKind.CHANNEL).write(SmallFrames.hello());
    TransferInitiator nothing =
        TransferInitiator.newBuilder()
            .setDrainStream(4002)
            .setNewDestination(0)
            .setTransferKey(KEY)
            .build();
    List<String> why = new ArrayList<>();
    List.of(
            StreamRef.newBuilder().setCreating(4000),
            StreamRef.newBuilder().setTransferInitiator(nothing))
        .forEach(
            r -> {
              MeshObject got = mesh.proxies(0).receive(ref(r), mesh.dialled(0, 1));
              got.onPeerClosed(why::add);
            });
    mesh.pass(70_000);

    assertThat(why).containsExactlyInAnyOrder("stream: did not come", "drain: did not come");
    shouldLiveOn();
  }

  @Test
  void shouldHoldOnlyAWindowOfAFlood() {
    openWithHello(ObjectKind.STREAM_SOCKET);
    long written = 0;
    for (int i = 0; i < 2000; i++) {
      mesh.run();
      if (stream.write(raw(10_000, 1, 10_000))) {
        written += 10_000;
      } else {
        break;
      }
    }
    mesh.run();

    assertThat(written).isLessThan(1_000_000);
    assertThat(closed).isEmpty();
    shouldLiveOn();
  }

  @Test
  void shouldEndAStreamWhoseReaderStallsAfterItsWriterHasClosed() {
    openWithHello(ObjectKind.STREAM_SOCKET);
    stream.pause();
    for (int i = 0; i < 100; i++) {
      ((MeshSocket) object).write(Buffer.buffer(new byte[10_000]));
      mesh.run();
    }
    object.close();
    mesh.pass(200_000);

    assertThat(mesh.proxies(0).counters().now()).isEqualTo(1);
    shouldLiveOn();
  }

  /** Any bytes at all: an error or none, but nothing else. */
  @Test
  void shouldSurviveAnyBytes() {
    for (int i = 0; i < 3000; i++) {
      ObjectKind kind = ObjectKind.forNumber(i % 4);
      if (mesh.random().nextBoolean()) {
        openWithHello(kind);
      } else {
        open(kind);
      }
      for (int f = mesh.random().nextInt(4); f >= 0; f--) {
        byte[] bytes = new byte[mesh.random().nextInt(60)];
        mesh.random().nextBytes(bytes);
        ByteBuf frame = raw(bytes.length, mesh.random().nextInt(4), 0).writeBytes(bytes);
        stream.write(frame);
      }
      mesh.run();
      object.close();
      stream.finish();
      mesh.run();
    }
    mesh.pass(300_000);
    shouldLiveOn();
  }

  @Test
  void shouldWriteMessagesAsTheyAreSpecified() {
    MessageLite hello = SignalUpdate.getDefaultInstance();
    ByteBuf signal = frame(StreamFrames.Type.SIGNAL, hello);
    assertThat(ByteBufUtil.hexDump(signal)).isEqualTo("0000000003000000");
    ByteBuf data = DataFrame.of(ObjectKind.STREAM_SOCKET, Buffer.buffer("abc"), List.of());
    assertThat(ByteBufUtil.hexDump(data)).isEqualTo("0300000001000000616263");
    signal.release();
    data.release();
  }
}

package dev.weft.mesh.peer;

import static dev.weft.reach.PeerPorts.result;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.proto.ConnectToService;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.stream.PeerStream;
import dev.weft.reach.PeerPorts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose other end of a connection does what no Weft does. */
class StrangePeersTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String BEGIN = "00000001" + "00000000" + "01000000";

  @TempDir Path directory;
  private PeerPorts ports;
  private PeerPorts.Node node;
  private PeerPorts.Node stranger;
  private Peers peers;
  private final Queue<String> closed = new ConcurrentLinkedQueue<>();

  /** The stranger's end of a connection, and what came back on stream 0. */
  private final class End implements PeerConnection.Watcher, PeerStream.Reader {
    private final ByteBuf received = Unpooled.buffer();
    private PeerConnection connection;
    private PeerStream control;

    @Override
    public void control(PeerConnection of, PeerStream stream) {
      control = stream;
      stream.read(this);
    }

    @Override
    public void closed(PeerConnection of, String reason) {
      closed.add(reason);
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      received.writeBytes(bytes);
    }

    @Override
    public void onEnd() {
      closed.add("end of stream 0");
    }

    @Override
    public void onReset(String reason) {}

    /** Writes on stream 0, hexadecimal. */
    void write(String bytes) {
      stranger.run(() -> control.write(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(bytes))));
    }

    String received() {
      return stranger.on(() -> ByteBufUtil.hexDump(received));
    }
  }

  @BeforeEach
  void open() throws Exception {
    ports = PeerPorts.open(directory, 2, 1);
    node = ports.node(0);
    stranger = ports.node(1);
    peers = TestPeers.at(node, fact -> {});
  }

  @AfterEach
  void close() throws Exception {
    ports.close();
  }

  /** The stranger dials the node, and opens stream 0. */
  private End dial() throws Exception {
    End end = new End();
    result(
        stranger
            .port()
            .dial(
                node.id(),
                Peers.PROTOCOL,
                stranger.loop(),
                (channel, loop) -> {
                  end.connection = new PeerConnection(channel, node.id().number(), true, end);
                  channel.pipeline().addLast(end.connection);
                }));
    stranger.run(
        () -> {
          end.control = end.connection.open();
          end.control.read(end);
        });
    return end;
  }

  private void awaitClosed(String reason) {
    Awaitility.await(reason).atMost(SOON).untilAsserted(() -> assertThat(closed).contains(reason));
  }

  private String row() {
    List<MeshPeer> rows = node.on(peers::rows);
    return rows.isEmpty() ? "none" : rows.get(0).state() + " " + rows.get(0).reason();
  }

  @Test
  void shouldAnswerTheHandshake() throws Exception {
    End end = dial();
    end.write(BEGIN);

    Awaitility.await("answer").atMost(SOON).until(() -> end.received().equals(BEGIN));
  }

  @Test
  void shouldCloseForAnotherHeaderNamingBoth() throws Exception {
    dial().write("00000002");

    awaitClosed("closed by the other end: header: 00 00 00 02 (expected: 00 00 00 01)");
  }

  @Test
  void shouldSayThatTheOtherEndHasAnotherHeader() {
    End end = new End();
    stranger
        .port()
        .accept(
            Peers.PROTOCOL,
            stranger.loop(),
            (channel, loop) -> {
              end.connection = new PeerConnection(channel, node.id().number(), false, end);
              channel.pipeline().addLast(end.connection);
            });
    node.on(
        () -> {
          peers.reachable(stranger.id().number(), true);
          return "";
        });
    Awaitility.await("stream 0").atMost(SOON).until(() -> stranger.on(() -> end.control != null));

    end.write("00000002");

    awaitClosed("closed by the other end: header: 00 00 00 02 (expected: 00 00 00 01)");
    Awaitility.await("reason")
        .atMost(SOON)
        .until(() -> row().endsWith("header: 00 00 00 02 (expected: 00 00 00 01)"));
    assertThat(row()).startsWith("down ");
  }

  @Test
  void shouldSayThatTheOtherEndSpeaksNoPeers() {
    stranger.port().accept("other/9", stranger.loop(), (channel, loop) -> {});
    node.on(
        () -> {
          peers.reachable(stranger.id().number(), true);
          return "";
        });

    Awaitility.await("reason").atMost(SOON).until(() -> row().contains("(ALPN)"));
    assertThat(row()).contains("weft.peer/1");
  }

  @Test
  void shouldCloseForAnythingButDataOnStream0() throws Exception {
    End end = dial();
    end.write(BEGIN + "00000000" + "02000000");

    awaitClosed("closed by the other end: stream 0: frame type: 2 (expected: 1, Data)");
  }

  @Test
  void shouldCloseForALengthThatCannotBe() throws Exception {
    End end = dial();
    end.write(BEGIN + "ffffffff" + "01000000");

    awaitClosed(
        "closed by the other end: stream 0: frame length: 4294967295 (expected: at most 65536"
            + " bytes)");
  }

  @Test
  void shouldCloseForTheEndOfStream0() throws Exception {
    End end = dial();
    end.write(BEGIN);
    stranger.run(end.control::finish);

    awaitClosed(
        "closed by the other end: stream 0: ended (expected: open as long as the connection)");
  }

  @Test
  void shouldReplaceAConnectionByANewerOne() throws Exception {
    End first = dial();
    first.write(BEGIN);
    Awaitility.await("answer").atMost(SOON).until(() -> first.received().equals(BEGIN));

    End second = dial();
    second.write(BEGIN);

    awaitClosed("closed by the other end: replaced by a newer connection");
    Awaitility.await("answer").atMost(SOON).until(() -> second.received().equals(BEGIN));
    assertThat(closed).hasSize(1);
  }

  @Test
  void shouldResetAStreamThatNobodyExpects() throws Exception {
    End end = dial();
    end.write(BEGIN);
    Queue<String> told = new ConcurrentLinkedQueue<>();
    for (int i = 0; i <= AwaitedStreams.MOST_UNCLAIMED; i++) {
      stranger.run(
          () -> {
            PeerStream stream = end.connection.open();
            stream.read(new Told(told));
            stream.write(Unpooled.wrappedBuffer(new byte[] {1}));
          });
    }

    Awaitility.await("the last one is reset").atMost(SOON).until(() -> !told.isEmpty());
    assertThat(told).containsOnly("broken off by the other end");
    assertThat(closed).isEmpty();
  }

  /** Notes that a stream is over. */
  private record Told(Queue<String> told) implements PeerStream.Reader {
    @Override
    public void onBytes(ByteBuf bytes) {}

    @Override
    public void onEnd() {}

    @Override
    public void onReset(String reason) {
      told.add(reason);
    }
  }

  @Test
  void shouldBearAFloodOfMessagesWithoutReadingTheReplies() throws Exception {
    End end = dial();
    end.write(BEGIN);
    Awaitility.await("answer").atMost(SOON).until(() -> end.received().equals(BEGIN));
    stranger.run(end.control::pause);
    PeerMessage message =
        PeerMessage.newBuilder()
            .setConnectToService(ConnectToService.newBuilder().setName("nothing").setStream(4))
            .build();
    ByteBuf many = Unpooled.buffer();
    while (many.readableBytes() < 1 << 20) {
      many.writeBytes(ControlReader.frame(message));
    }

    boolean[] full = new boolean[1];
    for (int i = 0; i < 64 && !full[0]; i++) {
      stranger.run(() -> full[0] = !end.control.write(many.retainedDuplicate()));
    }

    // The node reads no more than it can answer: the sender is held back, and others are not.
    assertThat(full[0]).isTrue();
    node.on(
        () -> {
          peers.export(
              "echo", Set.of(), ObjectKind.CHANNEL, (from, object) -> Future.succeededFuture());
          return "";
        });
    assertThat(node.on(peers::services)).hasSize(1);
    assertThat(closed).isEmpty();
    many.release();
  }

  @Test
  void shouldCloseForNoStream0() throws Exception {
    End end = new End();
    result(
        stranger
            .port()
            .dial(
                node.id(),
                Peers.PROTOCOL,
                stranger.loop(),
                (channel, loop) -> {
                  end.connection = new PeerConnection(channel, node.id().number(), true, end);
                  channel.pipeline().addLast(end.connection);
                }));

    awaitClosed("closed by the other end: no stream 0 within 5 s");
  }

  @Test
  void shouldTellWhoDialsThatItCloses() throws Exception {
    End end = dial();
    end.write(BEGIN);
    Awaitility.await("answer").atMost(SOON).until(() -> end.received().equals(BEGIN));

    node.on(
        () -> {
          peers.close("node closes");
          return "";
        });

    awaitClosed("closed by the other end: node closes");
  }
}

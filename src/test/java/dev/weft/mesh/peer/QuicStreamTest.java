package dev.weft.mesh.peer;

import static dev.weft.reach.PeerPorts.result;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.mesh.stream.PeerStream;
import dev.weft.reach.PeerPorts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams of a connection between two nodes of this JVM. */
class QuicStreamTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path directory;
  private PeerPorts ports;
  private final End dialler = new End();
  private final End acceptor = new End();

  /** One end of the connection. */
  private final class End implements PeerConnection.Watcher {
    private PeerConnection connection;
    private volatile String closed;
    private volatile boolean begun;
    private PeerPorts.Node node;

    void begin(PeerPorts.Node self, PeerConnection made) {
      node = self;
      connection = made;
    }

    @Override
    public void control(PeerConnection of, PeerStream stream) {
      begun = true;
      stream.read(new Heard());
    }

    @Override
    public void closed(PeerConnection of, String reason) {
      closed = reason;
    }

    <T> T on(Supplier<T> work) {
      return node.on(work);
    }

    void run(Runnable work) {
      node.run(work);
    }

    /** The last word on a stream. */
    void sayLast(PeerStream stream, String word) {
      run(
          () -> {
            stream.write(text(word));
            stream.finish();
          });
    }

    Heard accepted(long id) throws Exception {
      PeerStream stream = result(node.loop().call(() -> connection.accepted(id)));
      Heard heard = new Heard();
      heard.stream = stream;
      run(() -> stream.read(heard));
      return heard;
    }
  }

  /** What a stream told. */
  private static final class Heard implements PeerStream.Reader {
    private final Queue<String> told = new ConcurrentLinkedQueue<>();
    private final Queue<String> texts = new ConcurrentLinkedQueue<>();
    private final AtomicInteger length = new AtomicInteger();
    private PeerStream stream;

    @Override
    public void onBytes(ByteBuf bytes) {
      if (length.addAndGet(bytes.readableBytes()) < 100) {
        texts.add(bytes.toString(UTF_8));
      }
    }

    @Override
    public void onEnd() {
      told.add("end");
    }

    @Override
    public void onReset(String reason) {
      told.add(reason);
    }

    @Override
    public void onWritable() {
      told.add("writable");
    }

    String text() {
      return String.join("", texts);
    }

    void await(String what) {
      Awaitility.await(what).atMost(SOON).until(() -> told.contains(what));
    }
  }

  @BeforeEach
  void connect() throws Exception {
    ports = PeerPorts.open(directory, 2, 1);
    PeerPorts.Node one = ports.node(0);
    PeerPorts.Node two = ports.node(1);
    two.port()
        .accept(
            Peers.PROTOCOL,
            two.loop(),
            (channel, loop) -> {
              acceptor.begin(two, new PeerConnection(channel, one.id().number(), false, acceptor));
              channel.pipeline().addLast(acceptor.connection);
            });
    result(
        one.port()
            .dial(
                two.id(),
                Peers.PROTOCOL,
                one.loop(),
                (channel, loop) -> {
                  dialler.begin(one, new PeerConnection(channel, two.id().number(), true, dialler));
                  channel.pipeline().addLast(dialler.connection);
                }));
    PeerStream control = dialler.on(dialler.connection::open);
    assertThat(control.id()).isZero();
    dialler.run(() -> control.write(text("control")));
    Awaitility.await("connected").atMost(SOON).until(() -> acceptor.begun);
  }

  @AfterEach
  void close() throws Exception {
    ports.close();
  }

  private static ByteBuf text(String text) {
    return Unpooled.copiedBuffer(text, UTF_8);
  }

  private Heard open(PeerStream[] stream, boolean oneWay) {
    Heard heard = new Heard();
    dialler.run(
        () -> {
          stream[0] = oneWay ? dialler.connection.openOneWay() : dialler.connection.open();
          stream[0].read(heard);
        });
    return heard;
  }

  /** The first word, and the other end's reader, which has heard it. */
  private Heard sayOne(PeerStream stream) throws Exception {
    dialler.run(() -> stream.write(text("one")));
    Heard there = acceptor.accepted(stream.id());
    Awaitility.await("one").atMost(SOON).until(() -> there.length.get() == 3);
    return there;
  }

  private void assertNothingBroken() {
    assertThat(dialler.on(dialler.connection::broken)).isZero();
    assertThat(acceptor.on(acceptor.connection::broken)).isZero();
  }

  private void awaitNoObjects() {
    Awaitility.await("no streams")
        .atMost(SOON)
        .until(
            () ->
                dialler.on(dialler.connection::objects) == 0
                    && acceptor.on(acceptor.connection::objects) == 0);
  }

  @Test
  void shouldCarryBytesBothWaysAndEndInEachByItself() throws Exception {
    PeerStream[] stream = new PeerStream[1];
    Heard back = open(stream, false);
    dialler.sayLast(stream[0], "there");
    Heard there = acceptor.accepted(stream[0].id());
    there.await("end");
    assertThat(there.text()).isEqualTo("there");

    acceptor.sayLast(there.stream, "and back");
    back.await("end");

    assertThat(back.text()).isEqualTo("and back");
    awaitNoObjects();
    assertNothingBroken();
  }

  @Test
  void shouldLeaveNothingOfAOneWayStream() throws Exception {
    PeerStream[] stream = new PeerStream[1];
    open(stream, true);
    dialler.sayLast(stream[0], "drained");

    Heard there = acceptor.accepted(stream[0].id());
    there.await("end");

    assertThat(there.text()).isEqualTo("drained");
    awaitNoObjects();
    assertNothingBroken();
  }

  @Test
  void shouldHoldBackTheWriterWhileNobodyReadsAndLoseNothing() throws Exception {
    PeerStream[] stream = new PeerStream[1];
    Heard back = open(stream, false);
    byte[] chunk = new byte[64 << 10];
    int written = 0;
    boolean full = false;
    while (!full) {
      assertThat(written).isLessThan(256 << 20);
      full = dialler.on(() -> !stream[0].write(Unpooled.wrappedBuffer(chunk)));
      written += chunk.length;
    }
    // All that was taken arrives before the end.
    dialler.run(stream[0]::finish);

    Heard there = acceptor.accepted(stream[0].id());
    there.await("end");

    assertThat(there.length.get()).isEqualTo(written);
    back.await("writable");
  }

  @Test
  void shouldReadNoMoreWhilePaused() throws Exception {
    PeerStream[] stream = new PeerStream[1];
    open(stream, false);
    Heard there = sayOne(stream[0]);

    acceptor.run(there.stream::pause);
    dialler.sayLast(stream[0], "two");
    // What comes later on another stream has come after it.
    PeerStream[] later = new PeerStream[1];
    open(later, false);
    dialler.run(() -> later[0].write(text("later")));
    Heard other = acceptor.accepted(later[0].id());
    Awaitility.await("later").atMost(SOON).until(() -> other.length.get() == 5);
    assertThat(there.length.get()).isEqualTo(3);

    acceptor.run(there.stream::resume);
    there.await("end");
    assertThat(there.text()).isEqualTo("onetwo");
  }

  @Test
  void shouldGiveWhatIsHeldBackAfterBothEndsHaveFinished() throws Exception {
    PeerStream[] stream = new PeerStream[1];
    open(stream, false);
    Heard there = sayOne(stream[0]);
    acceptor.run(there.stream::pause);
    acceptor.run(there.stream::finish);
    dialler.sayLast(stream[0], "two");
    Awaitility.await("the writer's end is gone")
        .atMost(SOON)
        .until(() -> dialler.on(dialler.connection::objects) == 0);

    acceptor.run(there.stream::resume);

    there.await("end");
    assertThat(there.text()).isEqualTo("onetwo");
    assertThat(there.told).containsExactly("end");
    awaitNoObjects();
  }

  @Test
  void shouldTellTheOtherEndOfAReset() throws Exception {
    PeerStream[] stream = new PeerStream[1];
    Heard back = open(stream, false);
    Heard there = sayOne(stream[0]);

    dialler.run(stream[0]::reset);

    there.await("broken off by the other end");
    awaitNoObjects();
    assertThat(back.told).isEmpty();
    assertThat(dialler.closed).isNull();
  }

  @Test
  void shouldTellItsReadersWhyTheConnectionEnded() throws Exception {
    PeerStream[] stream = new PeerStream[1];
    Heard back = open(stream, false);
    dialler.run(() -> stream[0].write(text("one")));
    Heard there = acceptor.accepted(stream[0].id());

    acceptor.run(() -> acceptor.connection.close("enough"));

    there.await("enough");
    back.await("closed by the other end: enough");
    assertThat(dialler.closed).isEqualTo("closed by the other end: enough");
    assertThatThrownBy(() -> dialler.on(dialler.connection::open))
        .hasMessageEndingWith("closed by the other end: enough");
  }

  @Test
  void shouldOpenOnlySoManyStreams() {
    int opened = 0;
    String refusal = "";
    while (refusal.isEmpty() && opened < 100_000) {
      try {
        dialler.run(() -> dialler.connection.openOneWay());
        opened++;
      } catch (RuntimeException e) {
        refusal = e.getMessage();
      }
    }

    assertThat(refusal).endsWith(": all it takes are open");
    assertThat(dialler.on(dialler.connection::open).id()).isEqualTo(4);
  }
}

package dev.weft.proxy.carrier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.socket.PipeEnd;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TunnelTest {
  private final MemoryPipe pipe = new MemoryPipe();
  private final Tunnel reverse = Tunnel.accept(pipe.other());
  private final Tunnel forward = Tunnel.open(pipe.one());

  /** Notes what comes. */
  private static final class Noted implements PipeEnd.Reader {
    private final List<String> all = new ArrayList<>();

    @Override
    public void onBytes(Buffer bytes) {
      all.add(bytes.toString());
    }

    @Override
    public void onEnd() {
      all.add("<end>");
    }

    @Override
    public void onClosed(String reason) {
      all.add("<closed: " + reason + ">");
    }
  }

  private static Noted read(Tunnel tunnel) {
    Noted noted = new Noted();
    tunnel.read(noted);
    return noted;
  }

  private Tunnel forward() {
    reverse.ready();
    return forward;
  }

  @Test
  void shouldOpenWhenTheServerIsConnectedAndNotBefore() {
    assertThat(forward.opened().isComplete()).isFalse();

    reverse.ready();

    assertThat(forward.opened().succeeded()).isTrue();
  }

  @Test
  void shouldTellWhyTheServerIsNotConnected() {
    reverse.refuse(Fault.TIMEOUT, "127.0.0.1:1: connection refused");

    assertThat(forward.opened().cause())
        .hasMessage("127.0.0.1:1: connection refused")
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.TIMEOUT));
    assertThat(pipe.ended()).isTrue();
  }

  @Test
  void shouldLoseNothingThatIsSaidEarly() {
    reverse.ready();
    reverse.write(Buffer.buffer("hello"));
    reverse.end();

    assertThat(read(forward).all).containsExactly("hello", "<end>");
  }

  @Test
  void shouldCarryBothDirectionsAndEachEnd() {
    Noted there = read(reverse);
    Noted here = read(forward());

    forward.write(Buffer.buffer("ask"));
    forward.end();
    reverse.write(Buffer.buffer("answer"));
    reverse.end();
    forward.close("");
    reverse.close("");

    assertThat(there.all).containsExactly("ask", "<end>");
    assertThat(here.all).containsExactly("answer", "<end>");
    assertThat(pipe.ended()).isTrue();
  }

  @Test
  void shouldTellTheOtherEndWhatIsMissingAndEndBothDirections() {
    Noted there = read(reverse);
    Noted here = read(forward());

    forward.close("the client was reset");
    reverse.write(Buffer.buffer("too late"));
    reverse.close("the client was reset");

    assertThat(there.all).containsExactly("<closed: the client was reset>");
    assertThat(here.all).isEmpty();
    assertThat(pipe.ended()).isTrue();
  }

  @Test
  void shouldTellALossOnceAtBothEnds() {
    Noted there = read(reverse);
    Noted here = read(forward());

    pipe.cut();
    pipe.cut();

    assertThat(there.all).containsExactly("<closed: the connection was lost: cut>");
    assertThat(here.all).containsExactly("<closed: the connection was lost: cut>");
  }

  @Test
  void shouldTakeAnEndThatNobodyAnnouncedForALoss() {
    Noted here = read(forward());

    pipe.other().out().end();

    assertThat(here.all).containsExactly("<closed: the connection was lost>");
  }

  @Test
  void shouldFailToOpenWhenTheConnectionIsLost() {
    pipe.cut();

    assertThat(forward.opened().cause()).hasMessage("the connection was lost: cut");
  }

  @Test
  void shouldHoldTheWriterWhileTheReaderIsSlow() {
    reverse.ready();
    read(reverse);
    reverse.pause();
    int written = 0;
    while (!forward.isFull()) {
      forward.write(Buffer.buffer(new byte[100]));
      written++;
    }
    AtomicInteger drained = new AtomicInteger();
    forward.onDrained(drained::incrementAndGet);
    assertThat(drained).hasValue(0);

    reverse.resume();

    assertThat(written).isLessThan(20);
    assertThat(drained).hasValue(1);
  }

  @Test
  void shouldTellAtOnceThatThereIsRoom() {
    AtomicInteger drained = new AtomicInteger();

    forward().onDrained(drained::incrementAndGet);

    assertThat(drained).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 6, 255})
  void shouldBreakOffWhatSpeaksAnotherLanguage(int kind) {
    Noted there = read(reverse);

    pipe.one().out().write(Buffer.buffer(new byte[] {(byte) kind, 0, 0, 0}));

    assertThat(there.all.toString()).contains("frame of kind").contains("(expected: 1..5)");
  }

  @Test
  void shouldBreakOffTextsThatAreTooLong() {
    Noted there = read(reverse);

    pipe.one().out().write(Buffer.buffer(new byte[] {5, 1, 0, 0}));

    assertThat(there.all)
        .containsExactly("<closed: BROKEN of 65536 bytes (expected: at most 1000)>");
  }

  @Test
  void shouldCutLongReasons() {
    Noted there = read(reverse);

    forward().close("x".repeat(5000));

    assertThat(there.all).containsExactly("<closed: " + "x".repeat(1000) + ">");
  }

  @Property(tries = 200)
  void shouldReadTheSameHoweverItIsCut(
      @ForAll @Size(max = 20) List<@IntRange(max = 300) Integer> sizes,
      @ForAll @IntRange(min = 1, max = 50) int cut) {
    Buffer sent = Buffer.buffer();
    Buffer wire = TunnelFrame.READY.empty();
    for (int size : sizes) {
      Buffer data = Buffer.buffer(new byte[size]).setByte(Math.max(0, size - 1), (byte) size);
      sent.appendBuffer(data.slice(0, size));
      wire.appendBuffer(TunnelFrame.DATA.with(data.slice(0, size)));
    }
    wire.appendBuffer(TunnelFrame.BROKEN.with("over"));
    Buffer got = Buffer.buffer();
    List<String> frames = new ArrayList<>();
    TunnelReader reader =
        new TunnelReader(
            new TunnelReader.Frames() {
              @Override
              public void onData(Buffer bytes) {
                got.appendBuffer(bytes);
              }

              @Override
              public void onFrame(TunnelFrame frame, Buffer text) {
                frames.add(frame + text.toString());
              }
            });
    for (int at = 0; at < wire.length(); at += cut) {
      reader.read(wire.slice(at, Math.min(wire.length(), at + cut)));
    }

    assertThat(got).isEqualTo(sent);
    assertThat(frames).containsExactly("READY", "BROKENover");
  }
}

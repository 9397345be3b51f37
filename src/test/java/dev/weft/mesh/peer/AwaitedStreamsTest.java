package dev.weft.mesh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.stream.PeerStream;
import dev.weft.mesh.stream.StreamConnection;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import org.junit.jupiter.api.Test;

class AwaitedStreamsTest {
  private final AwaitedStreams awaited = new AwaitedStreams();
  private long now = 5;

  /** A stream of which only its number and its reset matter. */
  private static final class Numbered implements PeerStream {
    private final long id;
    private boolean reset;

    Numbered(long id) {
      this.id = id;
    }

    @Override
    public long id() {
      return id;
    }

    @Override
    public StreamConnection connection() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean write(ByteBuf bytes) {
      return true;
    }

    @Override
    public void finish() {}

    @Override
    public void reset() {
      reset = true;
    }

    @Override
    public void read(Reader reader) {}

    @Override
    public void pause() {}

    @Override
    public void resume() {}
  }

  private void pass(long nanos) {
    now += nanos;
    if (awaited.deadline() <= now) {
      awaited.expire(now);
    }
  }

  @Test
  void shouldGiveAStreamThatCameFirst() {
    Numbered stream = new Numbered(4);
    awaited.arrived(stream, now);

    assertThat(awaited.claim(4, now).result()).isSameAs(stream);
    pass(AwaitedStreams.WAIT_NANOS);
    assertThat(stream.reset).isFalse();
  }

  @Test
  void shouldGiveAStreamThatCameLater() {
    Future<PeerStream> claimed = awaited.claim(4, now);
    assertThat(claimed.isComplete()).isFalse();
    Numbered stream = new Numbered(4);
    awaited.arrived(new Numbered(8), now);
    awaited.arrived(stream, now);

    assertThat(claimed.result()).isSameAs(stream);
  }

  @Test
  void shouldResetWhatNobodyAsksFor() {
    Numbered early = new Numbered(4);
    Numbered late = new Numbered(8);
    awaited.arrived(early, now);
    pass(1);
    awaited.arrived(late, now);

    pass(AwaitedStreams.WAIT_NANOS - 1);

    assertThat(early.reset).isTrue();
    assertThat(late.reset).isFalse();
  }

  @Test
  void shouldResetAtOnceWhatIsTooMuch() {
    for (int i = 0; i < AwaitedStreams.MOST_UNCLAIMED; i++) {
      awaited.arrived(new Numbered(i), now);
    }
    Numbered more = new Numbered(5000);
    awaited.arrived(more, now);

    assertThat(more.reset).isTrue();
  }

  @Test
  void shouldFailWhatDoesNotCome() {
    Future<PeerStream> claimed = awaited.claim(4, now);

    pass(AwaitedStreams.WAIT_NANOS);

    assertThat(claimed.cause()).hasMessage("stream 4: not there within a minute");
    assertThat(awaited.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldRefuseToGiveAStreamTwice() {
    Future<PeerStream> first = awaited.claim(4, now);

    assertThat(WeftException.of(awaited.claim(4, now).cause()).fault()).isEqualTo(Fault.INVALID);
    assertThat(first.isComplete()).isFalse();
  }

  @Test
  void shouldFailWithTheConnection() {
    Future<PeerStream> claimed = awaited.claim(4, now);

    awaited.end(Fault.UNAVAILABLE.because("gone"));

    assertThat(claimed.cause()).hasMessage("gone");
    assertThat(awaited.claim(8, now).cause()).hasMessage("gone");
  }
}

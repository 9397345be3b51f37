package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final int ROOM = Unsent.MOST;

  /** Bytes that the connection has taken and not sent. */
  private int unsent;

  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final Turns turns =
      new Turns(() -> unsent < ROOM, tasks::add, new Unsent(() -> 0, bytes -> {}));

  /** The names of the streams whose batches went out, in their order. */
  private final List<String> order = new ArrayList<>();

  /** A stream, and whoever has batches of one size for it. */
  private final class Sender implements Turns.Out {
    private final String name;
    private final int batch;
    private final Turns.Turn turn = turns.of(this);

    /** Batches that are still to be sent. */
    private int left;

    private boolean full;
    private Runnable whenDrained;
    private long sent;

    Sender(String name, int batch) {
      this.name = name;
      this.batch = batch;
    }

    Sender sends(int batches) {
      boolean idle = left == 0;
      left += batches;
      if (idle) {
        send();
      }
      return this;
    }

    private void send() {
      boolean more = true;
      while (more && left > 0) {
        left--;
        more = turn.write(Unpooled.wrappedBuffer(new byte[batch]), this::send);
      }
    }

    @Override
    public void write(ByteBuf bytes) {
      unsent += bytes.readableBytes();
      sent += bytes.readableBytes();
      order.add(name);
      bytes.release();
    }

    @Override
    public boolean isFull() {
      return full;
    }

    @Override
    public void whenDrained(Runnable run) {
      whenDrained = run;
    }
  }

  /** The connection sends what it has taken, so many times. */
  private void drain(int times) {
    for (int i = 0; i < times; i++) {
      unsent = 0;
      turns.onRoom();
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    }
  }

  @Test
  void shouldTakeEverythingAtOnceWhileThereIsRoom() {
    Sender only = new Sender("only", 1000).sends(50);

    assertThat(only.sent).isEqualTo(50_000);
  }

  @Test
  void shouldGiveEachStreamAsManyBytesWhateverTheSizeOfItsBatches() {
    Sender large = new Sender("large", 200_000).sends(10_000);
    Sender medium = new Sender("medium", 60_000).sends(10_000);
    Sender small = new Sender("small", 1000).sends(1_000_000);

    drain(2000);

    assertThat(small.sent).isGreaterThan(10_000_000);
    assertThat(medium.sent).isCloseTo(small.sent, Percentage.withPercentage(5));
    assertThat(large.sent).isCloseTo(small.sent, Percentage.withPercentage(5));
  }

  @Test
  void shouldPreferAStreamThatHadNothingToSendUntilNow() {
    for (String flood : List.of("a", "b", "c", "d")) {
      new Sender(flood, 60_000).sends(1000);
    }
    drain(20);
    order.clear();

    new Sender("sparse", 100).sends(1);
    drain(1);

    assertThat(order).startsWith("sparse");
  }

  @Test
  void shouldNotPreferAStreamThatIsOftenEmptyToOthersWithLessThanItsShare() {
    Sender flood = new Sender("flood", 150_000).sends(100_000);
    Sender bursts = new Sender("bursts", 150_000);
    for (int i = 0; i < 1000; i++) {
      bursts.sends(1);
      drain(1);
    }

    assertThat(bursts.sent).isCloseTo(flood.sent, Percentage.withPercentage(10));
  }

  @Test
  void shouldNotWaitForAStreamWhoseOwnWindowIsUsedUp() {
    Sender stuck = new Sender("stuck", 60_000).sends(10);
    Sender other = new Sender("other", 60_000).sends(10);
    stuck.full = true;

    drain(30);
    long before = stuck.sent;
    assertThat(other.sent).isEqualTo(600_000);

    stuck.full = false;
    stuck.whenDrained.run();
    drain(30);
    assertThat(before).isLessThan(600_000);
    assertThat(stuck.sent).isEqualTo(600_000);
  }

  @Test
  void shouldWriteWhatWaitsBeforeTheEnd() {
    new Sender("flood", 100_000).sends(10);
    Sender ends = new Sender("ends", 100).sends(1);
    assertThat(ends.sent).isZero();

    ends.turn.flush();

    assertThat(ends.sent).isEqualTo(100);
  }

  @Test
  void shouldDropWhatWaitsForAStreamThatIsGoneAndGoOn() {
    Sender flood = new Sender("flood", 100_000).sends(10);
    Sender gone = new Sender("gone", 0);
    ByteBuf waits = Unpooled.buffer(100).writeZero(100);
    gone.turn.write(waits, () -> {});

    gone.turn.close();
    drain(30);

    assertThat(waits.refCnt()).isZero();
    assertThat(gone.sent).isZero();
    assertThat(flood.sent).isEqualTo(1_000_000);
  }
}

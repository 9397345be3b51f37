package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Sends bytes that the peer sends back, and tells when they stay away. On the loop. */
final class QuicPulse extends QuicReader implements InStream.Reader {
  private final long everyMillis;
  private final long silentNanos;
  private final Runnable silent;
  private long heard = System.nanoTime();
  private QuicWriter writer;

  /**
   * @param silent runs when no answer has come for so long
   */
  QuicPulse(long everyMillis, long silentMillis, Runnable silent) {
    this.everyMillis = everyMillis;
    this.silentNanos = TimeUnit.MILLISECONDS.toNanos(silentMillis);
    this.silent = silent;
  }

  void begin(ByteBuf head) {
    writer = new QuicWriter(stream());
    var unused = writer.write(head);
    ScheduledFuture<?> ticks =
        stream()
            .eventLoop()
            .scheduleAtFixedRate(this::tick, everyMillis, everyMillis, TimeUnit.MILLISECONDS);
    stream().parent().closeFuture().addListener(closed -> ticks.cancel(false));
  }

  private void tick() {
    if (System.nanoTime() - heard > silentNanos) {
      silent.run();
    } else if (!writer.isFull()) {
      var unused = writer.write(stream().alloc().directBuffer(1).writeByte(0));
    }
  }

  @Override
  InStream.Reader opened(byte[] head) {
    heard = System.nanoTime();
    return this;
  }

  @Override
  void broken(Throwable why) {
    // Then nothing is heard any more.
  }

  @Override
  public void onData(ByteBuf data) {
    heard = System.nanoTime();
  }

  @Override
  public void onPause() {
    // Only that something came counts.
  }

  @Override
  public void onEnd() {
    // Then nothing is heard any more.
  }

  @Override
  public void onFailed(Throwable why) {
    // Then nothing is heard any more.
  }
}

package dev.weft.wire.path;

import dev.weft.wire.WireStatus;
import java.util.concurrent.atomic.LongAdder;

/** Counts one direction of a wire, once per batch. */
public final class TrafficCounter {
  private final LongAdder frames = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder drops = new LongAdder();

  void carried(long frameCount, long byteCount) {
    frames.add(frameCount);
    bytes.add(byteCount);
  }

  public void dropped(long frameCount) {
    drops.add(frameCount);
  }

  public WireStatus.Traffic read() {
    return new WireStatus.Traffic(frames.sum(), bytes.sum(), drops.sum());
  }
}

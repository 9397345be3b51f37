package dev.weft.wire.path;

import dev.weft.wire.WireStatus;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts one direction of a wire, once per batch. */
public final class TrafficCounter {
  private final LongAdder frames = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder waited = new LongAdder();
  private final Map<DropCause, LongAdder> drops = new EnumMap<>(DropCause.class);

  /** Where drops are counted too; null for nowhere. */
  private final TrafficCounter dropsTo;

  public TrafficCounter() {
    this(null);
  }

  private TrafficCounter(TrafficCounter dropsTo) {
    this.dropsTo = dropsTo;
    for (DropCause cause : DropCause.values()) {
      drops.put(cause, new LongAdder());
    }
  }

  /**
   * A counter for the other end of a wire within a node: what is lost there is lost on the wire,
   * what crosses is counted once.
   */
  public TrafficCounter dropsAlone() {
    return new TrafficCounter(this);
  }

  void carried(long frameCount, long byteCount) {
    frames.add(frameCount);
    bytes.add(byteCount);
  }

  void waited(long nanos) {
    waited.add(nanos);
  }

  /** How long frames had to wait for their turn on the connection, or for its room, seconds. */
  public double waitedSeconds() {
    return waited.sum() / 1e9;
  }

  public void dropped(DropCause cause, long frameCount) {
    if (frameCount != 0 && dropsTo != null) {
      dropsTo.dropped(cause, frameCount);
    } else if (frameCount != 0) {
      drops.get(cause).add(frameCount);
    }
  }

  public long drops(DropCause cause) {
    return drops.get(cause).sum();
  }

  public WireStatus.Traffic read() {
    long lost = drops.values().stream().mapToLong(LongAdder::sum).sum();
    return new WireStatus.Traffic(frames.sum(), bytes.sum(), lost);
  }
}

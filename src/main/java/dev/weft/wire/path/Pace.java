package dev.weft.wire.path;

import java.util.concurrent.TimeUnit;

/**
 * Bounds the traffic of a wire that is under way, so that a frame waits for milliseconds, whatever
 * the connection's rate is. Learns the rate at which the connection drains; frames beyond {@link
 * #HORIZON_NANOS} of that rate stay in the packet socket's buffer, which has that size and drops
 * what does not fit.
 *
 * <p>Pure: the caller supplies the time.
 */
final class Pace {
  /** The time that a frame may wait in the batch, and again in the socket's buffer. */
  static final long HORIZON_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Room for two super-frames: into a smaller buffer not even one would fit. */
  static final int LEAST_BUFFER = 128 << 10;

  static final int MOST_BUFFER = 8 << 20;

  /** Bytes of a batch: other wires of the connection wait meanwhile. */
  static final int MOST_BATCH = 128 << 10;

  /**
   * Bytes that the kernel charges to a socket's buffer for each frame: {@code sk_buff} and more.
   */
  private static final int FRAME_OVERHEAD = 768;

  /** A connection that was not full for so long does not limit the wire. */
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * A rate is taken over at least so long: a turn may be several batches, one right after the
   * other.
   */
  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private static final double WEIGHT = 0.2;

  /** By which the rate grows whenever nothing waits: the connection may carry more than that. */
  private static final double GROWTH = 1.25;

  private final int mostFrames;
  private double bytesPerNano;
  private double bytesPerFrame = 1500;
  private long batchStart;
  private long batchBytes;
  private long lastFull;
  private boolean limited;

  /**
   * @param mostFrames frames that can be read at once
   */
  Pace(int mostFrames) {
    this.mostFrames = mostFrames;
  }

  /**
   * A batch was handed to the connection. Those that did not fill it count too, until the socket is
   * empty: a connection that is full for as long as a busy loop lets it wait would seem slow by the
   * last batch alone.
   */
  void sent(long now, int frames, int bytes) {
    if (batchBytes == 0) {
      batchStart = now;
    }
    batchBytes += bytes;
    if (frames > 0) {
      bytesPerFrame += WEIGHT * ((double) bytes / frames - bytesPerFrame);
    }
    if (limited && now - lastFull > IDLE_NANOS) {
      limited = false;
      bytesPerNano = 0;
    }
  }

  /** The connection was full after the batch, and has drained now. */
  void drained(long now) {
    long took = now - batchStart;
    lastFull = now;
    if (batchBytes == 0 || took < LEAST_NANOS) {
      return;
    }
    double rate = (double) batchBytes / took;
    bytesPerNano = bytesPerNano == 0 ? rate : bytesPerNano + WEIGHT * (rate - bytesPerNano);
    batchBytes = 0;
    limited = true;
  }

  /** There are no more frames: what was sent tells nothing about the connection. */
  void emptied() {
    batchBytes = 0;
    bytesPerNano = Math.min(bytesPerNano * GROWTH, (double) MOST_BUFFER / HORIZON_NANOS);
  }

  /** How many frames to read next, at least 1. */
  int frames() {
    double bytes = limited ? Math.min(MOST_BATCH, bytesPerNano * HORIZON_NANOS) : MOST_BATCH;
    double frames = bytes / Math.max(1, bytesPerFrame);
    return (int) Math.max(1, Math.min(mostFrames, frames));
  }

  /** The size of the socket's buffer in bytes, with the kernel's charge for each frame. */
  int buffer() {
    if (!limited) {
      return MOST_BUFFER;
    }
    double frames = bytesPerNano * HORIZON_NANOS / Math.max(1, bytesPerFrame);
    double bytes = frames * (bytesPerFrame + FRAME_OVERHEAD);
    return (int) Math.max(LEAST_BUFFER, Math.min(MOST_BUFFER, bytes));
  }
}

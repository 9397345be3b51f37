package dev.weft.wire.path;

import java.util.concurrent.TimeUnit;

/**
 * How much of a wire's traffic may be on its way, so that a frame waits for milliseconds and not
 * for as long as some fixed number of bytes takes. It learns the rate that the connection drains
 * at; what is beyond {@link #HORIZON_NANOS} of that rate stays out of the node, in a socket buffer
 * of that size, and is dropped there.
 *
 * <p>Pure: time comes from its caller.
 */
final class Pace {
  /** The time that a frame may wait in the batch, and again in the socket's buffer. */
  static final long HORIZON_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Room for two super-frames, or nothing would cross. */
  static final int LEAST_BUFFER = 128 << 10;

  static final int MOST_BUFFER = 8 << 20;

  /** What a socket's buffer is charged for a frame beside its bytes: {@code sk_buff} and more. */
  private static final int FRAME_OVERHEAD = 768;

  /** A connection that was not full for so long is not what slows the wire down. */
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final double WEIGHT = 0.2;

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

  /** A batch was handed to the connection. */
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

  /** It was full after that batch, and has drained now. */
  void drained(long now) {
    long took = Math.max(1, now - batchStart);
    double rate = (double) batchBytes / took;
    bytesPerNano = bytesPerNano == 0 ? rate : bytesPerNano + WEIGHT * (rate - bytesPerNano);
    batchBytes = 0;
    lastFull = now;
    limited = true;
  }

  /** It took the batch without being full. */
  void flowed() {
    batchBytes = 0;
  }

  /** How many frames to read next, at least 1. */
  int frames() {
    if (!limited) {
      return mostFrames;
    }
    double frames = bytesPerNano * HORIZON_NANOS / Math.max(1, bytesPerFrame);
    return (int) Math.max(1, Math.min(mostFrames, frames));
  }

  /** How large the socket's buffer should be, for frames and what the kernel keeps with each. */
  int buffer() {
    if (!limited) {
      return MOST_BUFFER;
    }
    double frames = bytesPerNano * HORIZON_NANOS / Math.max(1, bytesPerFrame);
    double bytes = frames * (bytesPerFrame + FRAME_OVERHEAD);
    return (int) Math.max(LEAST_BUFFER, Math.min(MOST_BUFFER, bytes));
  }
}

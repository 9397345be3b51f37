package dev.weft.mesh.link;

import io.netty.buffer.ByteBuf;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/** What happens to a frame on its way: part of a network that is simulated. */
public interface Impairment {
  /** Where a frame goes on. */
  interface Way {
    /**
     * Lets a frame arrive.
     *
     * @param frame the way takes its reference
     * @param nanos after which the frame arrives
     */
    void carry(ByteBuf frame, long nanos);
  }

  /** Passes the frame on: not at all, once or several times; takes its reference. */
  void pass(ByteBuf frame, long nanos, Way way);

  /** First this, then the other. */
  default Impairment then(Impairment other) {
    return (frame, nanos, way) -> pass(frame, nanos, (f, n) -> other.pass(f, n, way));
  }

  static Impairment none() {
    return (frame, nanos, way) -> way.carry(frame, nanos);
  }

  /** Every frame takes as long. */
  static Impairment delay(long by) {
    return (frame, nanos, way) -> way.carry(frame, nanos + by);
  }

  /** Frames take up to so much longer, and overtake each other. */
  static Impairment jitter(long upTo, RandomGenerator random) {
    return (frame, nanos, way) -> way.carry(frame, nanos + random.nextLong(upTo + 1));
  }

  static Impairment loss(double probability, RandomGenerator random) {
    return cut(() -> random.nextDouble() < probability);
  }

  /** Loses all frames while the condition holds. */
  static Impairment cut(BooleanSupplier when) {
    return (frame, nanos, way) -> {
      if (when.getAsBoolean()) {
        frame.release();
      } else {
        way.carry(frame, nanos);
      }
    };
  }

  /** Some frames arrive twice. */
  static Impairment repetition(double probability, RandomGenerator random) {
    return (frame, nanos, way) -> {
      if (random.nextDouble() < probability) {
        way.carry(frame.copy(), nanos);
      }
      way.carry(frame, nanos);
    };
  }

  /** Some frames have a byte changed, or lose their end. */
  static Impairment corruption(double probability, RandomGenerator random) {
    return (frame, nanos, way) -> {
      int size = frame.readableBytes();
      if (size > 0 && random.nextDouble() < probability) {
        if (random.nextBoolean()) {
          int at = frame.readerIndex() + random.nextInt(size);
          frame.setByte(at, frame.getByte(at) ^ (1 + random.nextInt(255)));
        } else {
          frame.writerIndex(frame.readerIndex() + random.nextInt(size));
        }
      }
      way.carry(frame, nanos);
    };
  }
}

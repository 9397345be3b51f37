package dev.weft.mesh.link.kind;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Which fragments of a frame have arrived, the body of a {@link SerialLine} of kind A. It is sent
 * when the frame is complete, when its last fragment arrives before another, and when a fragment
 * arrives again.
 *
 * <pre>
 *   offset  bytes
 *   0       4      number of the frame, little-endian
 *   4       2      bit i: the fragment with index i has arrived; little-endian
 * </pre>
 */
record FragmentAck(int frame, int arrived) {
  private static final int LENGTH = 6;

  SerialLine line() {
    return new SerialLine(
        SerialLine.Kind.ACKNOWLEDGEMENT,
        ByteBuffer.allocate(LENGTH)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(frame)
            .putShort((short) arrived)
            .array());
  }

  /** Empty for a body that is none. */
  static Optional<FragmentAck> parse(byte[] body) {
    if (body.length != LENGTH) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
    return Optional.of(new FragmentAck(in.getInt(), Short.toUnsignedInt(in.getShort())));
  }
}

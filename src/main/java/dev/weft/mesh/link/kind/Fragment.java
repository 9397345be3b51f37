package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.FrameLabel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * A fragment of a frame, the body of a {@link SerialLine} of kind F.
 *
 * <pre>
 *   offset  bytes
 *   0       4      number of the frame, little-endian; of the sender's choice, not repeated soon
 *   4       1      index of the fragment, from 0
 *   5       1      fragments of the frame, 2..9
 *   6       1..160 its bytes: 160 of each fragment but the last
 * </pre>
 */
final class Fragment {
  /** Bytes of each fragment but the last; a frame of so many goes whole. */
  static final int SIZE = 160;

  private static final int HEAD = 6;

  private final int frame;
  private final int index;
  private final int count;
  private final byte[] bytes;

  private Fragment(int frame, int index, int count, byte[] bytes) {
    this.frame = frame;
    this.index = index;
    this.count = count;
    this.bytes = bytes;
  }

  int frame() {
    return frame;
  }

  int index() {
    return index;
  }

  int count() {
    return count;
  }

  byte[] bytes() {
    return bytes;
  }

  /** How many fragments a frame makes. */
  static int count(int frameLength) {
    return (frameLength + SIZE - 1) / SIZE;
  }

  static Fragment of(int number, byte[] frame, int index) {
    return new Fragment(
        number,
        index,
        count(frame.length),
        Arrays.copyOfRange(frame, index * SIZE, Math.min(frame.length, (index + 1) * SIZE)));
  }

  SerialLine line() {
    return new SerialLine(
        SerialLine.Kind.FRAGMENT,
        ByteBuffer.allocate(HEAD + bytes.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(frame)
            .put((byte) index)
            .put((byte) count)
            .put(bytes)
            .array());
  }

  /** Empty for a body that is none. */
  static Optional<Fragment> parse(byte[] body) {
    if (body.length <= HEAD || body.length > HEAD + SIZE) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
    Fragment fragment =
        new Fragment(
            in.getInt(),
            Byte.toUnsignedInt(in.get()),
            Byte.toUnsignedInt(in.get()),
            Arrays.copyOfRange(body, HEAD, body.length));
    return Optional.of(fragment).filter(Fragment::isPossible);
  }

  private boolean isPossible() {
    boolean last = index == count - 1;
    return count >= 2
        && index < count
        && (last || bytes.length == SIZE)
        && (count - 1) * SIZE + (last ? bytes.length : 1) <= FrameLabel.MAX_FRAME;
  }
}

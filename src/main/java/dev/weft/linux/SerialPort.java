package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A serial line or pseudo-terminal as a channel of bytes, termios(3): raw, 8 bits, no parity, no
 * flow control, no modem lines. Not blocking; for one thread. Its former settings come back when it
 * is closed.
 */
public final class SerialPort implements AutoCloseable {
  // asm-generic/ioctls.h and termbits.h.
  private static final int TCGETS2 = 0x802C542A;
  private static final int TCSETS2 = 0x402C542B;
  private static final int TIOCOUTQ = 0x5411;
  private static final int O_RDWR = 2;
  private static final int O_NOCTTY = 0x100;
  private static final int LOCK_EX_NB = 2 | 4;

  /** struct termios2: four 32-bit flag words, line discipline, 19 characters, both speeds. */
  private static final int TERMIOS2 = 44;

  private static final int CONTROL_FLAGS = 8;
  private static final int CHARACTERS = 17;
  private static final int VTIME = CHARACTERS + 5;
  private static final int VMIN = CHARACTERS + 6;
  private static final int INPUT_SPEED = 36;
  private static final int OUTPUT_SPEED = 40;

  /** CS8, CREAD, CLOCAL, and BOTHER: the speed is the number in the structure. */
  private static final int CFLAGS = 0x30 | 0x80 | 0x800 | 0x1000;

  private final Descriptor descriptor;
  private final String name;
  private final byte[] former;

  private SerialPort(Descriptor descriptor, String name, byte[] former) {
    this.descriptor = descriptor;
    this.name = name;
    this.former = former;
  }

  /**
   * Opens a line for this program alone.
   *
   * @param speed bits a second, both ways
   * @throws LinuxException ENOTTY if it is no serial line, EAGAIN if another program that locks it,
   *     flock(2), has it open
   */
  public static SerialPort open(Path device, int speed) throws LinuxException {
    String name = device.toString();
    int flags = O_RDWR | O_NOCTTY | LibC.O_NONBLOCK | LibC.O_CLOEXEC;
    Descriptor descriptor = new Descriptor(check(JNR.open(name, flags, 0), name + ": open"));
    try {
      byte[] former = new byte[TERMIOS2];
      check(C.ioctl(descriptor.fd(), u32(TCGETS2), former), name + ": read its settings");
      check(JNR.flock(descriptor.fd(), LOCK_EX_NB), name + ": lock it for this program");
      check(C.ioctl(descriptor.fd(), u32(TCSETS2), raw(speed)), name + ": set " + speed + " bit/s");
      return new SerialPort(descriptor, name, former);
    } catch (LinuxException e) {
      descriptor.close();
      throw e;
    }
  }

  private static byte[] raw(int speed) {
    return ByteBuffer.allocate(TERMIOS2)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(CONTROL_FLAGS, CFLAGS)
        // A read gives what is there, and EAGAIN, not 0, if nothing is.
        .put(VTIME, (byte) 0)
        .put(VMIN, (byte) 1)
        .putInt(INPUT_SPEED, speed)
        .putInt(OUTPUT_SPEED, speed)
        .array();
  }

  private static long u32(int request) {
    return Integer.toUnsignedLong(request);
  }

  /** For a poll. */
  public int fd() {
    return descriptor.fd();
  }

  /**
   * Reads what is there.
   *
   * @return bytes; 0 if nothing is there, -1 if the line is gone
   */
  public int read(byte[] into) throws LinuxException {
    while (true) {
      int length = JNR.read(fd(), into, into.length);
      if (length > 0) {
        return length;
      }
      int errno = length == 0 ? Errno.EIO.number() : LibC.errno();
      if (Errno.EAGAIN.is(errno)) {
        return 0;
      }
      // As the kernel says it after a hang-up, and of a pseudo-terminal without the other side.
      if (Errno.EIO.is(errno)) {
        return -1;
      }
      if (!Errno.EINTR.is(errno)) {
        throw new LinuxException(name + ": read", errno, "");
      }
    }
  }

  /**
   * Writes as many bytes as there is room for.
   *
   * @return bytes; 0 if there is no room
   * @throws LinuxException EIO if the line is gone
   */
  public int write(byte[] from, int offset) throws LinuxException {
    byte[] bytes = offset == 0 ? from : Arrays.copyOfRange(from, offset, from.length);
    while (true) {
      int length = JNR.write(fd(), bytes, bytes.length);
      if (length >= 0) {
        return length;
      }
      int errno = LibC.errno();
      if (Errno.EAGAIN.is(errno)) {
        return 0;
      }
      if (!Errno.EINTR.is(errno)) {
        throw new LinuxException(name + ": write", errno, "");
      }
    }
  }

  /** Bytes that were written and have not left; a pseudo-terminal says 0. */
  public int queued() throws LinuxException {
    byte[] count = new byte[4];
    check(C.ioctl(fd(), TIOCOUTQ, count), name + ": length of its queue");
    return ByteBuffer.wrap(count).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  @Override
  public void close() {
    // Fails if the line is gone, which needs no settings.
    C.ioctl(fd(), u32(TCSETS2), former);
    descriptor.close();
  }
}

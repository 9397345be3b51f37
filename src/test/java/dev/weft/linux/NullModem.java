package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.UnaryOperator;

/** Two serial lines that are connected with each other, pty(7). */
public final class NullModem implements AutoCloseable {
  private static final int O_RDWR = 2;
  private static final int O_NOCTTY = 0x100;
  private static final int TIOCSPTLCK = 0x40045431;
  private static final long TIOCGPTN = 0x80045430L;

  /** One line: its master is ours. */
  private static final class Line {
    final int master;
    final int slave;
    final Path path;
    final Queue<byte[]> out = new ConcurrentLinkedQueue<>();

    Line() throws LinuxException {
      int flags = O_RDWR | O_NOCTTY | LibC.O_CLOEXEC;
      master = check(JNR.open("/dev/ptmx", flags | LibC.O_NONBLOCK, 0), "/dev/ptmx");
      byte[] number = new byte[4];
      check(C.ioctl(master, TIOCSPTLCK, number), "unlock");
      check(C.ioctl(master, TIOCGPTN, number), "number");
      path = Path.of("/dev/pts/" + ByteBuffer.wrap(number).order(ByteOrder.LITTLE_ENDIAN).getInt());
      // As long as it is open, the master is not told that nobody is there.
      slave = check(JNR.open(path.toString(), flags, 0), path.toString());
    }
  }

  private final Line one = new Line();
  private final Line other = new Line();
  private final Poller<Line> poller = new Poller<>();
  private final UnaryOperator<byte[]> noise;
  private final Thread thread = new Thread(this::run);
  private volatile boolean closed;

  /**
   * @param noise changes what crosses
   */
  public NullModem(UnaryOperator<byte[]> noise) throws LinuxException {
    this.noise = noise;
    poller.add(one.master, one);
    poller.add(other.master, other);
    thread.setDaemon(true);
    thread.start();
  }

  public Path one() {
    return one.path;
  }

  public Path other() {
    return other.path;
  }

  /** Bytes that come to the first line from nowhere. */
  public void toOne(byte[] bytes) {
    one.out.add(bytes);
    poller.wakeup();
  }

  private void run() {
    try {
      while (!closed) {
        write(one);
        write(other);
        poller.enable(one.master, other.out.isEmpty());
        poller.enable(other.master, one.out.isEmpty());
        int timeout = one.out.isEmpty() && other.out.isEmpty() ? -1 : 2;
        poller.poll(timeout, (line, events) -> read(line, line == one ? other : one));
      }
    } catch (LinuxException e) {
      throw new IllegalStateException(e);
    }
  }

  private void read(Line from, Line to) {
    byte[] chunk = new byte[2000];
    int length = JNR.read(from.master, chunk, chunk.length);
    if (length > 0) {
      to.out.add(noise.apply(Arrays.copyOf(chunk, length)));
    }
  }

  private static void write(Line line) {
    while (!line.out.isEmpty()) {
      byte[] next = line.out.peek();
      int length = next.length == 0 ? 0 : JNR.write(line.master, next, next.length);
      if (length < next.length) {
        if (length > 0) {
          line.out.remove();
          // Nothing else is behind it: reading waits until all is written.
          line.out.add(Arrays.copyOfRange(next, length, next.length));
        }
        return;
      }
      line.out.remove();
    }
  }

  /** Both lines are gone. */
  @Override
  public void close() throws InterruptedException {
    closed = true;
    poller.wakeup();
    thread.join();
    poller.close();
    for (Line line : new Line[] {one, other}) {
      JNR.close(line.slave);
      JNR.close(line.master);
    }
  }
}

package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Wakes a thread out of its poll, eventfd(2). Signals may come during and after closing. */
final class EventFd implements AutoCloseable {
  private static final byte[] ONE =
      ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(1).array();

  private final int fd;
  private boolean closed;

  EventFd() throws LinuxException {
    this.fd = check(C.eventfd(0, LibC.O_CLOEXEC | LibC.O_NONBLOCK), "eventfd");
  }

  int fd() {
    return fd;
  }

  /** Locked, because a closed descriptor's number may belong to another file by now. */
  synchronized void signal() {
    if (!closed) {
      JNR.write(fd, ONE, ONE.length);
    }
  }

  /** Consumes all signals so far. */
  void drain() {
    JNR.read(fd, new byte[8], 8);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      JNR.close(fd);
    }
  }
}

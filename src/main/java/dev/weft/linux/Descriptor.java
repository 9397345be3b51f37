package dev.weft.linux;

import static dev.weft.linux.LibC.JNR;

import java.util.concurrent.atomic.AtomicInteger;

/** An open file descriptor, closed once: a second close could hit a number that was given anew. */
final class Descriptor implements AutoCloseable {
  private static final int CLOSED = -1;

  private final AtomicInteger fd;

  Descriptor(int fd) {
    this.fd = new AtomicInteger(fd);
  }

  int fd() {
    int open = fd.get();
    if (open == CLOSED) {
      throw new IllegalStateException("descriptor: closed (expected: open)");
    }
    return open;
  }

  @Override
  public void close() {
    int open = fd.getAndSet(CLOSED);
    if (open != CLOSED) {
      JNR.close(open);
    }
  }
}

package dev.weft.linux;

import java.io.IOException;

/**
 * A call that the kernel refused: {@code create veth wft1a2b (peer eth1): File exists (EEXIST):
 * <the kernel's own explanation, where it gives one>}.
 */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  LinuxException(String what, int errno, String explanation) {
    super(
        what
            + ": "
            + Errno.textOf(errno)
            + " ("
            + Errno.nameOf(errno)
            + ")"
            + (explanation.isEmpty() ? "" : ": " + explanation));
    this.errno = errno;
  }

  LinuxException(String what, Errno errno) {
    this(what, errno.number(), "");
  }

  /** The error number, as in errno(3); the same on x86_64 and aarch64. */
  public int errno() {
    return errno;
  }

  /** The symbol of the error number, {@code EEXIST}; {@code errno 200} where this room has none. */
  public String errnoName() {
    return Errno.nameOf(errno);
  }

  /**
   * Whether this process or the host has too little of something, descriptors or memory: it says
   * nothing of what was asked for.
   */
  public boolean isShortage() {
    return is(Errno.EMFILE) || is(Errno.ENFILE) || is(Errno.ENOMEM) || is(Errno.ENOBUFS);
  }

  boolean is(Errno other) {
    return other.is(errno);
  }
}

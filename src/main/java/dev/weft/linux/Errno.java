package dev.weft.linux;

import java.util.Arrays;

/** The error numbers, errno(3), that this room handles. */
enum Errno {
  EPERM,
  ENOENT,
  ESRCH,
  EINTR,
  EIO,
  EAGAIN,
  ENOMEM,
  EACCES,
  EBUSY,
  EEXIST,
  ENODEV,
  EINVAL,
  ENFILE,
  EMFILE,
  EMSGSIZE,
  EOPNOTSUPP,
  EAFNOSUPPORT,
  EADDRINUSE,
  EADDRNOTAVAIL,
  ENETDOWN,
  ENETUNREACH,
  ENOBUFS,
  ETIMEDOUT,
  EHOSTUNREACH;

  private final int number = jnr.constants.platform.Errno.valueOf(name()).intValue();

  int number() {
    return number;
  }

  boolean is(int errno) {
    return errno == number;
  }

  /** The symbol of any error number: {@code EEXIST}. */
  static String nameOf(int errno) {
    jnr.constants.platform.Errno known = jnr.constants.platform.Errno.valueOf(errno);
    // ENOTSUP and EOPNOTSUPP are both 95: the symbols above come first.
    return Arrays.stream(values())
        .filter(e -> e.is(errno))
        .findFirst()
        .map(Errno::name)
        .orElseGet(() -> known.defined() ? known.name() : "errno " + errno);
  }

  /** What strerror(3) says of any error number. */
  static String textOf(int errno) {
    jnr.constants.platform.Errno known = jnr.constants.platform.Errno.valueOf(errno);
    return known.defined() ? known.description() : "Unknown error";
  }
}

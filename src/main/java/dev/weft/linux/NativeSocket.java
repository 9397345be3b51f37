package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A socket of a family that the JDK has none for. */
final class NativeSocket implements AutoCloseable {
  static final int AF_UNIX = 1;
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int AF_NETLINK = 16;
  static final int AF_PACKET = 17;
  static final int SOCK_STREAM = 1;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_RAW = 3;
  static final int SOL_SOCKET = 1;

  private static final int SO_SNDBUF = 7;
  private static final int SO_RCVBUF = 8;
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDBUFFORCE = 32;
  private static final int SO_NETNS_COOKIE = 71;
  private static final int SO_RCVBUFFORCE = 33;

  private final Descriptor descriptor;
  private final String name;

  private NativeSocket(Descriptor descriptor, String name) {
    this.descriptor = descriptor;
    this.name = name;
  }

  /**
   * @param type SOCK_STREAM, SOCK_DGRAM or SOCK_RAW, with SOCK_NONBLOCK if wanted; SOCK_CLOEXEC is
   *     added
   * @param name what the socket is in messages
   */
  static NativeSocket open(int family, int type, int protocol, String name) throws LinuxException {
    int fd = check(C.socket(family, type | LibC.O_CLOEXEC, protocol), name);
    return new NativeSocket(new Descriptor(fd), name);
  }

  int fd() {
    return descriptor.fd();
  }

  void set(int level, int option, int value) throws LinuxException {
    check(setInt(level, option, value), name + ": socket option " + level + "/" + option);
  }

  void set(int level, int option, byte[] value) throws LinuxException {
    check(
        C.setsockopt(fd(), level, option, value, value.length),
        name + ": socket option " + level + "/" + option);
  }

  /** Bytes, over the system's limit where this process may go beyond it. */
  void receiveBuffer(int bytes) throws LinuxException {
    forced(SO_RCVBUFFORCE, SO_RCVBUF, bytes);
  }

  /** Bytes, over the system's limit where this process may go beyond it. */
  void sendBuffer(int bytes) throws LinuxException {
    forced(SO_SNDBUFFORCE, SO_SNDBUF, bytes);
  }

  private void forced(int force, int plain, int bytes) throws LinuxException {
    if (setInt(SOL_SOCKET, force, bytes) < 0) {
      set(SOL_SOCKET, plain, bytes);
    }
  }

  private int setInt(int level, int option, int value) {
    byte[] bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    return C.setsockopt(fd(), level, option, bytes, bytes.length);
  }

  void receiveTimeout(int seconds) throws LinuxException {
    byte[] timeval =
        ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(seconds).array();
    check(
        C.setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, timeval, timeval.length),
        name + ": receive timeout " + seconds + " s");
  }

  /** The option's value as the kernel laid it out, little-endian. */
  ByteBuffer get(int level, int option, int size) throws LinuxException {
    return get(level, option, new byte[size]);
  }

  /** The same of an option that is asked for by what the value has before. */
  ByteBuffer get(int level, int option, byte[] value) throws LinuxException {
    byte[] length =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value.length).array();
    check(
        C.getsockopt(fd(), level, option, value, length),
        name + ": read socket option " + level + "/" + option);
    return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Of the namespace that the socket was opened in, whichever thread asks. */
  long netnsCookie() throws LinuxException {
    return get(SOL_SOCKET, SO_NETNS_COOKIE, 8).getLong(0);
  }

  void bind(byte[] address) throws LinuxException {
    check(C.bind(fd(), address, address.length), name + ": bind");
  }

  void connect(byte[] address) throws LinuxException {
    check(C.connect(fd(), address, address.length), name + ": connect");
  }

  /** Sends one message of these bytes. */
  void send(byte[] bytes) throws LinuxException {
    while (C.send(fd(), bytes, bytes.length, 0) < 0) {
      int errno = LibC.errno();
      if (!Errno.EINTR.is(errno)) {
        throw new LinuxException(name, errno, "");
      }
    }
  }

  /** Sends one message of these bytes to an address; the errno with which it failed, or 0. */
  int send(byte[] bytes, byte[] to) {
    while (C.sendto(fd(), bytes, bytes.length, LibC.MSG_DONTWAIT, to, to.length) < 0) {
      int errno = LibC.errno();
      if (!Errno.EINTR.is(errno)) {
        return errno;
      }
    }
    return 0;
  }

  /**
   * Receives one message; what does not fit is lost.
   *
   * @return bytes; -1 if nothing is there
   */
  int receive(byte[] into) throws LinuxException {
    int length = (int) C.recv(fd(), into, into.length, LibC.MSG_DONTWAIT);
    if (length < 0) {
      int errno = LibC.errno();
      if (!Errno.EAGAIN.is(errno) && !Errno.EINTR.is(errno)) {
        throw new LinuxException(name, errno, "");
      }
    }
    return length;
  }

  /** Waits until something can be received, or an error; false if the time was over. */
  boolean awaitReadable(int timeoutMillis) throws LinuxException {
    byte[] pollfd =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(fd())
            .putShort((short) Poller.READABLE)
            .array();
    int ready = C.poll(pollfd, 1, timeoutMillis);
    if (ready < 0 && Errno.EINTR.is(LibC.errno())) {
      return false;
    }
    return check(ready, name) > 0;
  }

  @Override
  public void close() {
    descriptor.close();
  }
}

package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * An open network namespace. While it is open the namespace lives on, even without a name or a
 * process: open, use, close.
 */
public final class Netns implements AutoCloseable {
  /** The reference that means the namespace of this process; a name is given as a path then. */
  public static final String HOST = "host";

  static final String EXPECTED = " (expected: an existing network namespace)";

  /** NSFS_MAGIC, include/uapi/linux/magic.h. */
  private static final long NSFS = 0x6e736673L;

  /** NS_GET_NSTYPE, include/uapi/linux/nsfs.h. */
  private static final long NS_GET_NSTYPE = 0xb703L;

  private static final int STATFS_BYTES = 120;

  private final Descriptor descriptor;
  private final String ref;

  private Netns(Descriptor descriptor, String ref) {
    this.descriptor = descriptor;
    this.ref = ref;
  }

  /**
   * Opens a namespace.
   *
   * @param ref an absolute path, a name under /run/netns, {@code pid:N}, or {@link #HOST}
   * @throws LinuxException ENOENT if there is none, EINVAL if it is something else
   */
  public static Netns open(String ref) throws LinuxException {
    return open(path(ref), ref);
  }

  /** The namespace of the calling thread. */
  public static Netns current() throws LinuxException {
    return open(Path.of("/proc/thread-self/ns/net"), "current");
  }

  private static Netns open(Path path, String ref) throws LinuxException {
    String what = "netns: " + path + EXPECTED;
    // O_NONBLOCK: the path may name a FIFO.
    int fd = check(JNR.open(path.toString(), LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0), what);
    Netns netns = new Netns(new Descriptor(fd), ref);
    if (!isNetworkNamespace(fd)) {
      netns.close();
      throw new LinuxException(what, Errno.EINVAL);
    }
    return netns;
  }

  private static boolean isNetworkNamespace(int fd) {
    byte[] statfs = new byte[STATFS_BYTES];
    return C.fstatfs(fd, statfs) == 0
        && ByteBuffer.wrap(statfs).order(ByteOrder.LITTLE_ENDIAN).getLong(0) == NSFS
        && C.ioctl(fd, NS_GET_NSTYPE, null) == LibC.CLONE_NEWNET;
  }

  /**
   * The path that a reference stands for.
   *
   * @throws LinuxException EINVAL if it is none of the four forms
   */
  public static Path path(String ref) throws LinuxException {
    if (ref.startsWith("/")) {
      return Path.of(ref);
    }
    if (ref.equals(HOST)) {
      return Path.of("/proc/self/ns/net");
    }
    if (ref.startsWith("pid:") && ref.substring(4).matches("[0-9]{1,9}")) {
      return Path.of("/proc", ref.substring(4), "ns", "net");
    }
    return NamedNetns.path(ref);
  }

  /** As {@code ip netns add}: creates a namespace that lives until {@link #delete}, loopback up. */
  public static void create(String name) throws IOException {
    NamedNetns.create(name);
  }

  /**
   * Why names of namespaces that this process makes end with it, as in a container, or in a mount
   * namespace of its own without a way to the host's; empty if they last. True before the first
   * {@link #create}.
   */
  public static Optional<String> fleeting() throws IOException {
    return NamedNetns.fleeting();
  }

  /** As {@code ip netns delete}; the namespace ends when nothing else holds it. */
  public static void delete(String name) throws LinuxException {
    NamedNetns.delete(name);
  }

  /** Like {@link #delete}; false if there was none. */
  public static boolean deleteIfExists(String name) throws LinuxException {
    try {
      NamedNetns.delete(name);
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /** The names under /run/netns, sorted. */
  public static List<String> list() throws IOException {
    return NamedNetns.list();
  }

  public int fd() {
    return descriptor.fd();
  }

  /**
   * The namespace's inode number. The kernel gives a dead namespace's number to a later one: equal
   * numbers are the same namespace only while one of them is held open. See {@link #cookie}.
   */
  public long inode() throws IOException {
    return inode(Path.of("/proc/self/fd", Integer.toString(fd())));
  }

  /** The inode number behind a reference, without keeping it open. */
  public static long inodeOf(String ref) throws LinuxException {
    try (Netns netns = open(ref)) {
      return netns.inode();
    } catch (LinuxException e) {
      throw e;
    } catch (IOException e) {
      throw new LinuxException("netns: " + ref + EXPECTED, Errno.ENOENT);
    }
  }

  private static long inode(Path path) throws IOException {
    return (Long) Files.getAttribute(path, "unix:ino");
  }

  /** A number that no other namespace gets until the kernel restarts (SO_NETNS_COOKIE). */
  public long cookie() throws LinuxException {
    return inside(
        () -> {
          try (NativeSocket socket =
              NativeSocket.open(NativeSocket.AF_UNIX, NativeSocket.SOCK_DGRAM, 0, "netns cookie")) {
            return socket.netnsCookie();
          }
        });
  }

  /** {@link #cookie} of a reference, without keeping it open. */
  public static long cookieOf(String ref) throws LinuxException {
    try (Netns netns = open(ref)) {
      return netns.cookie();
    }
  }

  /**
   * Runs a body inside this namespace, on a thread of its own that ends with it: sockets that it
   * opens, processes that it starts and files under /proc/sys/net are this namespace's.
   *
   * <p>A thread that the body starts stays in the namespace and keeps it alive as long as it runs;
   * {@link ProcessBuilder#start} starts one that lingers for a minute after the process.
   */
  public <T> T call(Callable<T> body) throws Exception {
    int fd = fd();
    return NetnsThread.call(
        ref,
        () -> {
          check(C.setns(fd, LibC.CLONE_NEWNET), "enter netns " + ref);
          return body.call();
        });
  }

  /** {@link #call} for this room's own bodies. */
  <T> T inside(NetnsThread.Body<T> body) throws LinuxException {
    int fd = fd();
    return NetnsThread.run(
        ref,
        () -> {
          check(C.setns(fd, LibC.CLONE_NEWNET), "enter netns " + ref);
          return body.run();
        });
  }

  /** The reference by which the namespace was opened. */
  @Override
  public String toString() {
    return ref;
  }

  @Override
  public void close() {
    descriptor.close();
  }
}

package dev.weft.linux;

import java.nio.ByteBuffer;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import jnr.ffi.types.u_int64_t;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/**
 * The C library: {@link #JNR} (jnr-posix) has POSIX's calls, {@link #C} those of Linux that
 * jnr-posix lacks. No function has six arguments: jffi 1.4.3 passes a broken sixth if all are
 * primitive.
 *
 * <p>A {@code long} that names memory is its address; the caller keeps that memory reachable over
 * the call. Arrays are copied in or out.
 */
final class LibC {
  /** Public only because the generated implementation lives in another class loader. */
  public interface Functions {
    int fstatfs(int fd, @Out byte[] statfs);

    int mount(String source, String target, String type, @u_int64_t long flags, long data);

    int umount2(String target, int flags);

    int setns(int fd, int type);

    int unshare(int flags);

    int ioctl(int fd, @u_int64_t long request, @In @Out byte[] argument);

    int sched_setscheduler(int pid, int policy, @In byte[] parameter);

    int madvise(long address, @size_t long length, int advice);

    int eventfd(int initial, int flags);

    int poll(long fds, @u_int64_t long count, int timeoutMillis);

    int poll(@In @Out byte[] fds, @u_int64_t long count, int timeoutMillis);

    int socket(int domain, int type, int protocol);

    int bind(int fd, @In byte[] address, int length);

    int connect(int fd, @In byte[] address, int length);

    int setsockopt(int fd, int level, int name, @In byte[] value, int length);

    int getsockopt(int fd, int level, int name, @In @Out byte[] value, @In @Out byte[] length);

    @ssize_t
    long send(int fd, long buffer, @size_t long length, int flags);

    @ssize_t
    long recv(int fd, long buffer, @size_t long length, int flags);

    @ssize_t
    long send(int fd, @In byte[] buffer, @size_t long length, int flags);

    @ssize_t
    long recv(int fd, @Out byte[] buffer, @size_t long length, int flags);

    @ssize_t
    long sendto(
        int fd,
        @In byte[] buffer,
        @size_t long length,
        int flags,
        @In byte[] address,
        int addressLength);

    int recvmmsg(int fd, long messages, int count, int flags, long timeout);

    int sendmmsg(int fd, long messages, int count, int flags);
  }

  static final Functions C = LibraryLoader.create(Functions.class).failImmediately().load("c");

  static final POSIX JNR = POSIXFactory.getNativePOSIX();

  private static final Runtime RUNTIME = Runtime.getRuntime(C);

  static final int CLONE_FS = 0x200;
  static final int CLONE_NEWNS = 0x20000;
  static final int CLONE_NEWNET = 0x40000000;
  static final int O_CLOEXEC = 0x80000;
  static final int O_NONBLOCK = 0x800;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_TRUNC = 0x20;
  static final int MADV_DONTNEED = 4;

  private LibC() {}

  /** The errno of this thread's last call through {@link #C} or {@link #JNR}. */
  static int errno() {
    return LastError.getLastError(RUNTIME);
  }

  /** The result, or the errno of a negative one as an exception that says what was tried. */
  static int check(int result, String what) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(what, errno(), "");
    }
    return result;
  }

  /** The address of a direct buffer's first byte, whatever its position. */
  static long address(ByteBuffer direct) {
    return Pointer.wrap(RUNTIME, direct.duplicate().clear()).address();
  }
}

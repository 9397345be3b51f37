package dev.weft.linux;

import static dev.weft.linux.LibC.C;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Waits for any of many descriptors, poll(2). All methods belong to one thread, but {@link #wakeup}
 * is for any.
 *
 * @param <T> what the caller knows a descriptor by
 */
public final class Poller<T> implements AutoCloseable {
  public static final int READABLE = 0x1;
  public static final int WRITABLE = 0x4;

  /** An error is pending, with which the next read or write fails. */
  public static final int ERROR = 0x8;

  /** The other side is gone. */
  public static final int HANGUP = 0x10;

  private static final int POLLNVAL = 0x20;
  private static final int POLLFD = 8;
  private static final int EVENTS = 4;
  private static final int REVENTS = 6;

  /** Called once for each ready descriptor; may add, remove and enable descriptors. */
  public interface Ready<T> {
    /**
     * A descriptor is ready.
     *
     * @param events a sum of READABLE, WRITABLE, ERROR, HANGUP
     */
    void onReady(T token, int events);
  }

  private final EventFd wakeup;
  private ByteBuffer descriptors = allocate(16);
  private long address = LibC.address(descriptors);
  private Object[] tokens = new Object[16];
  private int count;

  public Poller() throws LinuxException {
    wakeup = new EventFd();
    add(wakeup.fd(), null);
  }

  private static ByteBuffer allocate(int places) {
    return ByteBuffer.allocateDirect(places * POLLFD).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reports the descriptor from now on whenever it is readable. */
  public void add(int fd, T token) {
    if (count == tokens.length) {
      grow();
    }
    tokens[count] = token;
    descriptors.putInt(count * POLLFD, fd);
    descriptors.putInt(count * POLLFD + EVENTS, READABLE);
    count++;
  }

  private void grow() {
    tokens = Arrays.copyOf(tokens, 2 * count);
    descriptors = allocate(2 * count).put(0, descriptors, 0, count * POLLFD);
    address = LibC.address(descriptors);
  }

  /** Must be called before the descriptor is closed. */
  public void remove(int fd) {
    int place = place(fd);
    int last = --count;
    descriptors.putLong(place * POLLFD, descriptors.getLong(last * POLLFD));
    tokens[place] = tokens[last];
    tokens[last] = null;
  }

  /** A descriptor that is not enabled is never reported, not even with errors. */
  public void enable(int fd, boolean enabled) {
    // poll(2) passes over negative descriptors.
    descriptors.putInt(place(fd) * POLLFD, enabled ? fd : ~fd);
  }

  /** Whether the descriptor is also reported when it is writable. */
  public void enableWrite(int fd, boolean enabled) {
    int events = enabled ? READABLE | WRITABLE : READABLE;
    descriptors.putShort(place(fd) * POLLFD + EVENTS, (short) events);
  }

  private int place(int fd) {
    for (int i = 0; i < count; i++) {
      int here = descriptors.getInt(i * POLLFD);
      if (here == fd || here == ~fd) {
        return i;
      }
    }
    throw new IllegalArgumentException("descriptor: " + fd + " (expected: one that was added)");
  }

  /**
   * Waits until a descriptor is ready, {@link #wakeup} is called or the time is over.
   *
   * @param timeoutMillis -1 for ever, 0 not at all
   * @return how many descriptors were reported
   */
  public int poll(int timeoutMillis, Ready<T> ready) throws LinuxException {
    int events = C.poll(address, count, timeoutMillis);
    if (events < 0) {
      int errno = LibC.errno();
      if (Errno.EINTR.is(errno)) {
        return 0;
      }
      throw new LinuxException("poll of " + count + " descriptors", errno, "");
    }
    int told = 0;
    // Downwards, because removal moves the last descriptor into the free place.
    for (int i = count - 1; i >= 0 && events > 0; i--) {
      int at = i * POLLFD + REVENTS;
      int happened = i < count ? descriptors.getShort(at) : 0;
      if (happened == 0) {
        continue;
      }
      events--;
      descriptors.putShort(at, (short) 0);
      if ((happened & POLLNVAL) != 0) {
        throw new IllegalStateException(
            "descriptor: " + descriptors.getInt(i * POLLFD) + " closed (expected: removed before)");
      }
      if (i == 0) {
        wakeup.drain();
      } else {
        told++;
        ready.onReady(token(i), happened);
      }
    }
    return told;
  }

  @SuppressWarnings("unchecked")
  private T token(int place) {
    return (T) tokens[place];
  }

  /** Ends the current poll, or the next one if none is running. Any thread; after closing too. */
  public void wakeup() {
    wakeup.signal();
  }

  @Override
  public void close() {
    wakeup.close();
  }
}

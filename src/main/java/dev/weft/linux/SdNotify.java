package dev.weft.linux;

import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;

/**
 * Tells the service manager the state of this process, sd_notify(3). Without a service manager
 * every call does nothing.
 */
public final class SdNotify implements AutoCloseable {
  private static final int W_OK = 2;

  private final Optional<Manager> manager;

  private SdNotify(Optional<Manager> manager) {
    this.manager = manager;
  }

  /** As $NOTIFY_SOCKET says. */
  public static SdNotify fromEnvironment() throws IOException {
    return from(System.getenv());
  }

  static SdNotify from(Map<String, String> environment) throws IOException {
    String path = environment.getOrDefault("NOTIFY_SOCKET", "");
    return new SdNotify(path.isEmpty() ? Optional.empty() : Optional.of(Manager.at(path)));
  }

  /** The service is up. */
  public void ready() throws LinuxException {
    send("READY=1");
  }

  /** The service is going down. */
  public void stopping() throws LinuxException {
    send("STOPPING=1");
  }

  /**
   * Starting or stopping takes at least so much longer from now on, whatever the manager's limit.
   */
  public void moreTime(Duration atLeast) throws LinuxException {
    send("EXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(atLeast.toNanos()));
  }

  private void send(String state) throws LinuxException {
    if (manager.isPresent()) {
      manager.get().send(state);
    }
  }

  @Override
  public void close() throws IOException {
    if (manager.isPresent()) {
      manager.get().channel().close();
    }
  }

  /**
   * The service manager's address and a socket to send from; the JDK has no Unix datagram sockets.
   */
  private record Manager(String name, UnixSocketAddress address, UnixDatagramChannel channel) {
    /**
     * @param path of a file, or {@code @name} in the abstract name space, unix(7)
     */
    static Manager at(String path) throws IOException {
      String name = "notify socket " + path;
      int bytes = path.getBytes(StandardCharsets.UTF_8).length;
      if (bytes > SocketFile.MAX_PATH) {
        throw new IllegalArgumentException(
            name + " (expected: at most " + SocketFile.MAX_PATH + " bytes)");
      }
      boolean isAbstract = path.startsWith("@");
      if (!isAbstract) {
        // The permission that connect(2) would check; jnr-unixsocket sends without connecting.
        check(JNR.access(path, W_OK), name + ": connect");
      }
      return new Manager(
          name,
          new UnixSocketAddress(isAbstract ? "\0" + path.substring(1) : path),
          UnixDatagramChannel.open());
    }

    void send(String state) throws LinuxException {
      try {
        channel.send(ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8)), address);
      } catch (IOException e) {
        throw new LinuxException(name, LibC.errno(), "");
      }
    }
  }
}

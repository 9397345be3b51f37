package dev.weft.linux;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Tells the service manager how this process is, sd_notify(3). Where there is none that wants to
 * know, every call does nothing.
 */
public final class SdNotify implements AutoCloseable {
  private final Optional<NativeSocket> socket;
  private final Optional<Duration> watchdogInterval;

  private SdNotify(Optional<NativeSocket> socket, Optional<Duration> watchdogInterval) {
    this.socket = socket;
    this.watchdogInterval = watchdogInterval;
  }

  /** As $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID say. */
  public static SdNotify fromEnvironment() throws LinuxException {
    return from(System.getenv(), ProcessHandle.current().pid());
  }

  static SdNotify from(Map<String, String> environment, long pid) throws LinuxException {
    String path = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (path.isEmpty()) {
      return new SdNotify(Optional.empty(), Optional.empty());
    }
    NativeSocket socket =
        NativeSocket.open(
            NativeSocket.AF_UNIX, NativeSocket.SOCK_DGRAM, 0, "notify socket " + path);
    try {
      socket.connect(SocketAddresses.unix(path));
    } catch (LinuxException | IllegalArgumentException e) {
      socket.close();
      throw e;
    }
    return new SdNotify(Optional.of(socket), watchdogInterval(environment, pid));
  }

  private static Optional<Duration> watchdogInterval(Map<String, String> environment, long pid) {
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    String forPid = environment.getOrDefault("WATCHDOG_PID", Long.toString(pid));
    if (!micros.matches("[1-9]\\d{0,17}") || !forPid.equals(Long.toString(pid))) {
      return Optional.empty();
    }
    return Optional.of(Duration.ofNanos(Long.parseLong(micros) * 1000));
  }

  /** The service is up. */
  public void ready() throws LinuxException {
    send("READY=1");
  }

  /** The service is going down. */
  public void stopping() throws LinuxException {
    send("STOPPING=1");
  }

  /** One line for people. */
  public void status(String text) throws LinuxException {
    send("STATUS=" + text.replace('\n', ' '));
  }

  /** The service is alive; to be said within each {@link #watchdogInterval}, best at half of it. */
  public void watchdog() throws LinuxException {
    send("WATCHDOG=1");
  }

  /** Empty where nobody watches. */
  public Optional<Duration> watchdogInterval() {
    return watchdogInterval;
  }

  private void send(String state) throws LinuxException {
    if (socket.isPresent()) {
      socket.get().send(state.getBytes(StandardCharsets.UTF_8));
    }
  }

  @Override
  public void close() {
    socket.ifPresent(NativeSocket::close);
  }
}

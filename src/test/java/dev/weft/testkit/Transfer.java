package dev.weft.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/** Bytes over TCP from one namespace to another, with a checksum at both ends. */
public final class Transfer {
  private static final int BUFFER = 256 << 10;
  private static final int SOCKET_TIMEOUT_MILLIS = 30_000;

  private Transfer() {}

  /**
   * What came of it.
   *
   * @param sent CRC-32C of what was written
   * @param received CRC-32C of what was read
   */
  public record Result(long bytes, long sent, long received, double gigabitsPerSecond) {}

  /** Sends {@code bytes} pseudo-random bytes to an address of the namespace {@code to}. */
  public static Result tcp(TestNetns from, TestNetns to, String address, long bytes)
      throws Exception {
    InetAddress target = InetAddress.getByName(address);
    try (ServerSocket server = in(to, () -> new ServerSocket(0, 1, target))) {
      server.setSoTimeout(SOCKET_TIMEOUT_MILLIS);
      CompletableFuture<Long> received = new CompletableFuture<>();
      Thread reader = new Thread(() -> receive(server, received), "transfer-reader");
      reader.setDaemon(true);
      reader.start();
      long start = System.nanoTime();
      CRC32C sent = new CRC32C();
      try (Socket socket = in(from, () -> new Socket(target, server.getLocalPort()))) {
        send(socket.getOutputStream(), bytes, sent);
        socket.shutdownOutput();
        long crc = received.get(120, TimeUnit.SECONDS);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Result(bytes, sent.getValue(), crc, bytes * 8 / seconds / 1e9);
      }
    }
  }

  /** As {@link #tcp}, beside what the caller does. */
  public static CompletableFuture<Result> start(
      TestNetns from, TestNetns to, String address, long bytes) {
    CompletableFuture<Result> result = new CompletableFuture<>();
    Thread sender =
        new Thread(
            () -> {
              try {
                result.complete(tcp(from, to, address, bytes));
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
            },
            "transfer-sender");
    sender.setDaemon(true);
    sender.start();
    return result;
  }

  private static <T> T in(TestNetns netns, java.util.concurrent.Callable<T> body) throws Exception {
    try (dev.weft.linux.Netns open = netns.open()) {
      return open.call(body);
    }
  }

  private static void send(OutputStream out, long bytes, CRC32C crc) throws IOException {
    byte[] buffer = new byte[BUFFER];
    new java.util.SplittableRandom(bytes).nextBytes(buffer);
    for (long left = bytes; left > 0; ) {
      int n = (int) Math.min(left, buffer.length);
      // Other contents in every buffer: frames that change places change the checksum.
      buffer[0]++;
      out.write(buffer, 0, n);
      crc.update(buffer, 0, n);
      left -= n;
    }
  }

  private static void receive(ServerSocket server, CompletableFuture<Long> received) {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[BUFFER];
    try (Socket socket = server.accept();
        InputStream in = socket.getInputStream()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        crc.update(buffer, 0, n);
      }
      received.complete(crc.getValue());
    } catch (IOException e) {
      received.completeExceptionally(e);
    }
  }
}

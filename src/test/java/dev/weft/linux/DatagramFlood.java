package dev.weft.linux;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * Datagrams as fast as one thread sends them, and another reads them. Both spend their time in the
 * kernel, with many datagrams a system call, so that they take as little as a program can from what
 * carries the datagrams.
 */
public final class DatagramFlood {
  private static final int PORT = 7777;
  private static final int SENT_AT_ONCE = 32;
  private static final int READ_AT_ONCE = 64;
  private static final int LONGEST = 2048;
  private static final int RECEIVE_BUFFER = 8 << 20;
  private static final int QUIET_MILLIS = 200;

  private static final int SO_RCVTIMEO = 20;

  /** Nine numbers of 32 bits, the last of which are the socket's drops (linux/sock_diag.h). */
  private static final int SO_MEMINFO = 55;

  private static final int MEMINFO_BYTES = 36;
  private static final int MEMINFO_DROPS = 32;

  private static final int MSG_WAITFORONE = 0x10000;
  private static final int MMSGHDR = 64;
  private static final int IOVEC = 16;

  private DatagramFlood() {}

  /**
   * Datagrams a second.
   *
   * @param sent taken by the sender's kernel
   * @param delivered to the reader's socket, which drops what does not fit into 8 MiB
   * @param read by the reader
   */
  public record Rates(double sent, double delivered, double read) {}

  /**
   * Sends for some seconds, and reads until nothing comes any more.
   *
   * @param address IPv4, of the namespace {@code to}
   * @param bytes of payload, 1..2048
   */
  public static Rates run(Netns from, Netns to, InetAddress address, int bytes, int seconds)
      throws Exception {
    byte[] target = SocketAddresses.inet(address);
    ByteBuffer.wrap(target).putShort(2, (short) PORT);
    try (NativeSocket in = open(to);
        NativeSocket out = open(from)) {
      in.receiveBuffer(RECEIVE_BUFFER);
      in.set(NativeSocket.SOL_SOCKET, SO_RCVTIMEO, timeval(QUIET_MILLIS));
      in.bind(target);
      out.connect(target);
      FutureTask<Long> reader = new FutureTask<>(() -> read(in));
      Thread thread = new Thread(reader, "flood-reader");
      thread.setDaemon(true);
      thread.start();
      double sent = send(out, bytes, seconds);
      double read = reader.get();
      double dropped =
          in.get(NativeSocket.SOL_SOCKET, SO_MEMINFO, MEMINFO_BYTES).getInt(MEMINFO_DROPS)
              & 0xffffffffL;
      return new Rates(sent / seconds, (read + dropped) / seconds, read / seconds);
    }
  }

  private static NativeSocket open(Netns netns) throws LinuxException {
    return netns.inside(
        () -> NativeSocket.open(NativeSocket.AF_INET, NativeSocket.SOCK_DGRAM, 0, "flood"));
  }

  private static long send(NativeSocket socket, int bytes, int seconds) {
    ByteBuffer messages = messages(SENT_AT_ONCE, bytes);
    long address = LibC.address(messages);
    long begin = System.nanoTime();
    long sent = 0;
    while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(seconds)) {
      // Less than 0 if the way refuses the first one: it was not sent, and is not counted.
      sent += Math.max(0, LibC.C.sendmmsg(socket.fd(), address, SENT_AT_ONCE, 0));
    }
    return sent;
  }

  /** Until none has come for a while; the first ones are awaited as long. */
  private static long read(NativeSocket socket) {
    ByteBuffer messages = messages(READ_AT_ONCE, LONGEST);
    long address = LibC.address(messages);
    long read = 0;
    for (int n = 1; n > 0; ) {
      n = LibC.C.recvmmsg(socket.fd(), address, READ_AT_ONCE, MSG_WAITFORONE, 0);
      read += Math.max(0, n);
    }
    return read;
  }

  /** {@code mmsghdr}s, with an {@code iovec} each and the memory that it names. */
  private static ByteBuffer messages(int count, int bytes) {
    int stride = MMSGHDR + IOVEC + bytes;
    ByteBuffer memory = ByteBuffer.allocateDirect(count * stride).order(ByteOrder.LITTLE_ENDIAN);
    long address = LibC.address(memory);
    for (int i = 0; i < count; i++) {
      int iovec = count * MMSGHDR + i * IOVEC;
      memory.putLong(i * MMSGHDR + 16, address + iovec).putLong(i * MMSGHDR + 24, 1);
      memory.putLong(iovec, address + (long) count * (MMSGHDR + IOVEC) + (long) i * bytes);
      memory.putLong(iovec + 8, bytes);
    }
    return memory;
  }

  private static byte[] timeval(int millis) {
    return ByteBuffer.allocate(16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(millis / 1000)
        .putLong(millis % 1000 * 1000L)
        .array();
  }
}

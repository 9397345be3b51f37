package dev.weft.linux;

import static dev.weft.linux.LibC.C;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * All frames of one link, packet(7) with vnet headers: super-frames and partial checksums cross
 * unchanged. It gives the frames that the other end of a veth sends, never those sent by itself,
 * and sends frames to that end. Not blocking; for one thread.
 *
 * <p>While it is open it keeps its namespace alive.
 */
public final class PacketSocket implements AutoCloseable {
  static final int SOL_PACKET = 263;
  static final int PACKET_AUXDATA = 8;
  private static final int PACKET_ADD_MEMBERSHIP = 1;
  private static final int PACKET_MR_PROMISC = 1;
  private static final int PACKET_STATISTICS = 6;
  private static final int PACKET_VNET_HDR = 15;
  private static final int PACKET_IGNORE_OUTGOING = 23;

  private final NativeSocket socket;
  private final String name;

  private PacketSocket(NativeSocket socket, String name) {
    this.socket = socket;
    this.name = name;
  }

  /**
   * Opens a socket on a link of a namespace, which the caller may close then.
   *
   * @throws LinuxException ENODEV if there is no such link, EPERM without CAP_NET_RAW
   */
  public static PacketSocket open(Netns netns, int ifindex, PacketOptions options)
      throws LinuxException {
    return netns.inside(() -> open(ifindex, options));
  }

  private static PacketSocket open(int ifindex, PacketOptions options) throws LinuxException {
    String name = "packet socket on link " + ifindex;
    // Protocol 0: nothing arrives before it is bound to the link.
    NativeSocket socket =
        NativeSocket.open(NativeSocket.AF_PACKET, NativeSocket.SOCK_RAW | LibC.O_NONBLOCK, 0, name);
    try {
      socket.receiveBuffer(options.receiveBufferBytes());
      socket.sendBuffer(options.sendBufferBytes());
      socket.set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
      socket.set(SOL_PACKET, PACKET_VNET_HDR, 1);
      socket.set(SOL_PACKET, PACKET_AUXDATA, 1);
      if (options.promiscuous()) {
        // The kernel counts it, and takes it back when the socket is closed, by whatever end.
        socket.set(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership(ifindex));
      }
      socket.bind(SocketAddresses.packet(ifindex));
      return new PacketSocket(socket, name);
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  /** {@code packet_mreq}: index, type, length of an address and 8 bytes for it. */
  private static byte[] membership(int ifindex) {
    return ByteBuffer.allocate(16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(ifindex)
        .putShort((short) PACKET_MR_PROMISC)
        .array();
  }

  /** For a poll; readable means frames, writable room. */
  public int fd() {
    return socket.fd();
  }

  /**
   * Receives what is there, as many frames as the ring has slots, into its slots from 0.
   *
   * @return frames; 0 if none is there
   * @throws LinuxException ENETDOWN once when the link went down (frames come again when it is up)
   *     or was deleted (none will come)
   */
  public int receive(RecvRing ring) throws LinuxException {
    return receive(ring, ring.slots());
  }

  /**
   * As {@link #receive(RecvRing)}, a number of frames at most.
   *
   * @param most 1 to the ring's slots
   */
  public int receive(RecvRing ring, int most) throws LinuxException {
    if (most < 1 || most > ring.slots()) {
      throw new IllegalArgumentException("most: " + most + " (expected: 1.." + ring.slots() + ")");
    }
    int count;
    while ((count = C.recvmmsg(fd(), ring.prepare(), most, LibC.MSG_DONTWAIT, 0)) < 0) {
      int errno = LibC.errno();
      if (Errno.EAGAIN.is(errno)) {
        return 0;
      }
      if (!Errno.EINTR.is(errno)) {
        throw new LinuxException(name + ": receive", errno, "");
      }
    }
    ring.received(count);
    return count;
  }

  /**
   * Sends frames of a ring, in order.
   *
   * @param from the first one's slot
   * @return how many the link took, at least 1; 0 if the send buffer is full; or the negative errno
   *     with which it refused the first one, which is to be dropped
   */
  public int send(SendRing ring, int from, int count) {
    if (from < 0 || count < 1 || from + count > ring.size()) {
      throw new IndexOutOfBoundsException(
          "slots: " + from + "+" + count + " (expected: within " + ring.size() + ")");
    }
    try {
      int sent;
      while ((sent = C.sendmmsg(fd(), ring.message(from), count, LibC.MSG_DONTWAIT)) < 0) {
        int errno = LibC.errno();
        if (!Errno.EINTR.is(errno)) {
          return Errno.EAGAIN.is(errno) ? 0 : -errno;
        }
      }
      return sent;
    } finally {
      Reference.reachabilityFence(ring);
    }
  }

  /** Whether {@link #send} answered that there is no room at present. */
  public static boolean isQueueFull(int answer) {
    return answer == 0 || Errno.ENOBUFS.is(-answer);
  }

  /** Whether {@link #send} answered that the frame is longer than the link takes. */
  public static boolean isTooLong(int answer) {
    return Errno.EMSGSIZE.is(-answer);
  }

  /** Bytes that may be received and not read yet, from now on; see {@link PacketOptions}. */
  public void receiveBuffer(int bytes) throws LinuxException {
    socket.receiveBuffer(bytes);
  }

  /** Counts since the last call: reading resets them. */
  public PacketStats statistics() throws LinuxException {
    ByteBuffer stats = socket.get(SOL_PACKET, PACKET_STATISTICS, 8);
    return new PacketStats(
        Integer.toUnsignedLong(stats.getInt(0)), Integer.toUnsignedLong(stats.getInt(4)));
  }

  @Override
  public String toString() {
    return name;
  }

  @Override
  public void close() {
    socket.close();
  }
}

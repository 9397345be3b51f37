package dev.weft.linux;

import dev.weft.address.IpAddress;
import dev.weft.address.Mac;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;

/**
 * Asks by ARP whether IPv4 addresses are there on links of one namespace, as a probe without an
 * address of its own (RFC 5227 section 2.1.1): the kernel that has the address answers, and nobody
 * learns a neighbour by it. Not blocking; for one thread.
 *
 * <p>While it is open it keeps its namespace alive.
 */
public final class ArpSocket implements AutoCloseable {
  private static final int ETH_P_ARP = 0x0806;
  private static final int ETH_P_IP = 0x0800;
  private static final int ETHERNET = 1;
  private static final int MAC_BYTES = 6;
  private static final int REQUEST = 1;
  private static final int REPLY = 2;
  private static final int LENGTH = 28;
  private static final int OPERATION_AT = 6;
  private static final int SENDER_AT = 14;

  /** A thousand answers, each counted with its overhead. */
  private static final int RECEIVE_BYTES = 1 << 20;

  /** Read at once, so that a flood of ARP holds nobody up. */
  private static final int MOST = 8192;

  private final NativeSocket socket;
  private final byte[] received = new byte[64];

  private ArpSocket(NativeSocket socket) {
    this.socket = socket;
  }

  /**
   * Opens it in a namespace, which the caller may close then.
   *
   * @throws LinuxException EPERM without CAP_NET_RAW
   */
  public static ArpSocket open(Netns netns) throws LinuxException {
    return netns.inside(
        () -> {
          NativeSocket socket =
              NativeSocket.open(
                  NativeSocket.AF_PACKET,
                  NativeSocket.SOCK_DGRAM | LibC.O_NONBLOCK,
                  Short.toUnsignedInt(Short.reverseBytes((short) ETH_P_ARP)),
                  "arp in " + netns);
          try {
            socket.receiveBuffer(RECEIVE_BYTES);
            return new ArpSocket(socket);
          } catch (LinuxException e) {
            socket.close();
            throw e;
          }
        });
  }

  /** Asks on a link; false if the link is gone or down. */
  public boolean ask(Link link, Inet4Address address) {
    byte[] mac = Mac.parse(link.mac());
    byte[] request =
        ByteBuffer.allocate(LENGTH)
            .putShort((short) ETHERNET)
            .putShort((short) ETH_P_IP)
            .put((byte) MAC_BYTES)
            .put((byte) Integer.BYTES)
            .putShort((short) REQUEST)
            .put(mac)
            .putInt(0)
            .put(new byte[MAC_BYTES])
            .put(address.getAddress())
            .array();
    int errno = socket.send(request, SocketAddresses.everybody(link.index(), ETH_P_ARP));
    // What a full queue drops is one probe without an answer.
    return errno == 0 || Errno.ENOBUFS.is(errno) || Errno.EAGAIN.is(errno);
  }

  /** The addresses that answered since the last call, on whatever link. */
  public Set<InetAddress> answers() throws LinuxException {
    Set<InetAddress> answers = new HashSet<>();
    for (int i = 0; i < MOST; i++) {
      int length = socket.receive(received);
      if (length < 0) {
        break;
      }
      ByteBuffer packet = ByteBuffer.wrap(received);
      if (length >= LENGTH && packet.getShort(OPERATION_AT) == REPLY) {
        byte[] sender = new byte[Integer.BYTES];
        packet.get(SENDER_AT, sender);
        answers.add(IpAddress.of(sender));
      }
    }
    return answers;
  }

  @Override
  public void close() {
    socket.close();
  }
}

package dev.weft.linux;

import dev.weft.address.IpAddress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Echo requests (RFC 792, RFC 4443) from a namespace to one address; for one thread. */
public final class IcmpEcho implements AutoCloseable {
  private static final int IPPROTO_IP = 0;
  private static final int IPPROTO_ICMP = 1;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPPROTO_ICMPV6 = 58;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IPV6_MTU_DISCOVER = 23;
  private static final int PMTUDISC_DONT = 0;
  private static final int PMTUDISC_DO = 2;

  private static final int HEADER = 8;
  private static final int MAX_IP_HEADER = 60;
  private static final int MAX_PAYLOAD = 65507;

  private static final int IPV4_HEADERS = 20 + HEADER;
  private static final int IPV6_HEADERS = 40 + HEADER;

  private final NativeSocket socket;
  private final boolean four;
  private final byte[] request;
  private final byte[] received;
  private int sequence;

  private IcmpEcho(NativeSocket socket, boolean four, int payloadBytes) {
    this.socket = socket;
    this.four = four;
    this.request = new byte[HEADER + payloadBytes];
    // One byte more than the longest expected reply, so that a longer one is recognised.
    this.received = new byte[MAX_IP_HEADER + request.length + 1];
    ByteBuffer.wrap(request)
        .put((byte) (four ? 8 : 128))
        .putShort(4, (short) ThreadLocalRandom.current().nextInt());
  }

  /** The payload, in bytes, with which a request to an address is an IP packet of a length. */
  public static int payload(InetAddress to, int packetBytes) {
    return packetBytes - (to instanceof Inet4Address ? IPV4_HEADERS : IPV6_HEADERS);
  }

  /**
   * Opens it.
   *
   * @param payloadBytes 0..65507; see {@link #payload} for the length of the IP packet
   * @param dontFragment whether a request longer than the path's MTU fails instead of being cut
   */
  public static IcmpEcho open(
      Netns netns, InetAddress target, int payloadBytes, boolean dontFragment)
      throws LinuxException {
    if (payloadBytes < 0 || payloadBytes > MAX_PAYLOAD) {
      throw new IllegalArgumentException(
          "payload: " + payloadBytes + " (expected: 0.." + MAX_PAYLOAD + " bytes)");
    }
    boolean four = target instanceof Inet4Address;
    NativeSocket socket =
        netns.inside(
            () ->
                NativeSocket.open(
                    SocketAddresses.family(target),
                    NativeSocket.SOCK_RAW | LibC.O_NONBLOCK,
                    four ? IPPROTO_ICMP : IPPROTO_ICMPV6,
                    "ping " + IpAddress.format(target) + " with " + payloadBytes + " bytes"));
    try {
      socket.set(
          four ? IPPROTO_IP : IPPROTO_IPV6,
          four ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
          dontFragment ? PMTUDISC_DO : PMTUDISC_DONT);
      socket.connect(SocketAddresses.inet(target));
      return new IcmpEcho(socket, four, payloadBytes);
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  /** Opens, sends one request and closes; see {@link #open} and {@link #ping(Duration)}. */
  public static Optional<Duration> ping(
      Netns netns, InetAddress target, int payloadBytes, boolean dontFragment, Duration timeout)
      throws LinuxException {
    try (IcmpEcho echo = open(netns, target, payloadBytes, dontFragment)) {
      return echo.ping(timeout);
    }
  }

  /**
   * Sends a request and awaits the reply to it.
   *
   * @return the round trip; empty if no reply came in time
   * @throws LinuxException EMSGSIZE if the request is too long and must not be cut, EHOSTUNREACH,
   *     ENETUNREACH
   */
  public Optional<Duration> ping(Duration timeout) throws LinuxException {
    long start = System.nanoTime();
    long deadline = start + timeout.toNanos();
    request();
    while (true) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return Optional.empty();
      }
      // Rounded up, so that the last part of a millisecond is not spent polling.
      if (socket.awaitReadable((int) Math.min(Integer.MAX_VALUE, left / 1_000_000 + 1))) {
        int length = socket.receive(received);
        long now = System.nanoTime();
        if (isReply(length)) {
          return Optional.of(Duration.ofNanos(now - start));
        }
      }
    }
  }

  /**
   * Sends a request and awaits nothing.
   *
   * @throws LinuxException as {@link #ping(Duration)}
   */
  public void request() throws LinuxException {
    sequence = (sequence + 1) & 0xffff;
    ByteBuffer.wrap(request).putShort(6, (short) sequence).putShort(2, (short) 0);
    if (four) {
      ByteBuffer.wrap(request).putShort(2, checksum(request));
    }
    socket.send(request);
  }

  /** Whether the last request has been answered; does not wait. */
  public boolean isAnswered() throws LinuxException {
    boolean answered = false;
    for (int length = socket.receive(received); length >= 0; length = socket.receive(received)) {
      answered |= isReply(length);
    }
    return answered;
  }

  /** Sends many requests, each when the one before is answered or has timed out. */
  public List<Optional<Duration>> pings(int count, Duration timeout) throws LinuxException {
    List<Optional<Duration>> roundTrips = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      roundTrips.add(ping(timeout));
    }
    return roundTrips;
  }

  /** Every raw socket gets every reply: ours have our identifier and the last sequence number. */
  private boolean isReply(int length) {
    int at = four ? (received[0] & 0x0f) * 4 : 0;
    if (length != at + request.length) {
      return false;
    }
    ByteBuffer reply = ByteBuffer.wrap(received);
    return (received[at] & 0xff) == (four ? 0 : 129)
        && reply.getInt(at + 4) == ByteBuffer.wrap(request).getInt(4);
  }

  /** RFC 1071. */
  private static short checksum(byte[] bytes) {
    long sum = 0;
    for (int i = 0; i < bytes.length; i++) {
      sum += (bytes[i] & 0xff) << ((i & 1) == 0 ? 8 : 0);
    }
    sum = (sum >> 16) + (sum & 0xffff);
    return (short) ~(sum + (sum >> 16));
  }

  @Override
  public void close() {
    socket.close();
  }
}

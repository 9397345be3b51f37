package dev.weft.reach.path;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The bytes of punch datagrams. */
final class PunchCodec {
  /** The longest there are: what a path has to carry. */
  static final int LONGEST = 1350;

  static final int MAC = 16;
  static final int KEY = 32;

  /** Without the fixed bit of QUIC, and beyond STUN's first bytes (RFC 7983). */
  private static final int MAGIC = 0x0a777001;

  private static final byte HELLO = 1;
  private static final byte PROBE = 2;
  private static final byte ECHO = 3;

  /** Magic, kind, two sessions and a counter. */
  private static final int HEAD = 4 + 1 + 3 * Long.BYTES;

  private static final int V4 = 4;
  private static final int V6 = 16;
  private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};
  private static final int ECHO_LENGTH = HEAD + Long.BYTES + V6 + Short.BYTES + MAC;

  static final int SHORTEST_PROBE = HEAD + MAC;

  private static final byte[] SIGNED = "weft punch hello 1".getBytes(StandardCharsets.US_ASCII);

  private PunchCodec() {}

  static boolean isPunch(ByteBuf datagram) {
    return datagram.readableBytes() > Integer.BYTES
        && datagram.getInt(datagram.readerIndex()) == MAGIC;
  }

  /** What a hello's signature is over, its first part being the domain. */
  static byte[] toSign(long session, byte[] key, byte[] certificate) {
    return ByteBuffer.allocate(
            SIGNED.length + 4 + 1 + Long.BYTES + KEY + Short.BYTES + certificate.length)
        .put(SIGNED)
        .putInt(MAGIC)
        .put(HELLO)
        .putLong(session)
        .put(key)
        .putShort((short) certificate.length)
        .put(certificate)
        .array();
  }

  /**
   * @param signed what {@link #toSign} gives
   */
  static byte[] hello(byte[] signed, byte[] signature) {
    int length = signed.length - SIGNED.length;
    return ByteBuffer.allocate(length + Short.BYTES + signature.length)
        .put(signed, SIGNED.length, length)
        .putShort((short) signature.length)
        .put(signature)
        .array();
  }

  /**
   * A probe, its MAC left empty.
   *
   * @param length in all, from {@link #SHORTEST_PROBE} to {@link #LONGEST}
   */
  static byte[] probe(long to, long from, long counter, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length).putInt(MAGIC).put(PROBE);
    return bytes.putLong(to).putLong(from).putLong(counter).array();
  }

  /** An echo, its MAC left empty. */
  static byte[] echo(long to, long from, long counter, long probe, InetSocketAddress seen) {
    ByteBuffer bytes = ByteBuffer.allocate(ECHO_LENGTH).putInt(MAGIC).put(ECHO);
    bytes.putLong(to).putLong(from).putLong(counter).putLong(probe);
    byte[] address = seen.getAddress().getAddress();
    if (address.length == V4) {
      bytes.put(MAPPED);
    }
    return bytes.put(address).putShort((short) seen.getPort()).array();
  }

  private static PunchDatagram echo(ByteBuffer bytes) {
    long to = bytes.getLong();
    long from = bytes.getLong();
    long counter = bytes.getLong();
    long probe = bytes.getLong();
    byte[] address = take(bytes, V6);
    try {
      // Gives an IPv4 address for one that is mapped.
      InetAddress seen = InetAddress.getByAddress(address);
      int port = Short.toUnsignedInt(bytes.getShort());
      return new PunchDatagram.Echo(to, from, counter, probe, new InetSocketAddress(seen, port));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("16 bytes are an address", e);
    }
  }

  /** Empty for what is none; of what is sealed, the MAC has still to be checked. */
  static Optional<PunchDatagram> decode(byte[] datagram) {
    ByteBuffer bytes = ByteBuffer.wrap(datagram);
    try {
      if (bytes.getInt() != MAGIC) {
        return Optional.empty();
      }
      return switch (bytes.get()) {
        case HELLO -> Optional.of(hello(bytes, datagram));
        case PROBE ->
            datagram.length < SHORTEST_PROBE || datagram.length > LONGEST
                ? Optional.empty()
                : Optional.of(
                    new PunchDatagram.Probe(
                        bytes.getLong(), bytes.getLong(), bytes.getLong(), datagram.length));
        case ECHO -> datagram.length != ECHO_LENGTH ? Optional.empty() : Optional.of(echo(bytes));
        default -> Optional.empty();
      };
    } catch (BufferUnderflowException tooShort) {
      return Optional.empty();
    }
  }

  private static PunchDatagram hello(ByteBuffer bytes, byte[] datagram) {
    long session = bytes.getLong();
    byte[] key = take(bytes, KEY);
    byte[] certificate = take(bytes, Short.toUnsignedInt(bytes.getShort()));
    int end = bytes.position();
    byte[] signature = take(bytes, Short.toUnsignedInt(bytes.getShort()));
    if (bytes.hasRemaining()) {
      throw new BufferUnderflowException();
    }
    byte[] signed = Arrays.copyOf(SIGNED, SIGNED.length + end);
    System.arraycopy(datagram, 0, signed, SIGNED.length, end);
    return new PunchDatagram.Hello(session, key, certificate, signature, signed);
  }

  private static byte[] take(ByteBuffer from, int length) {
    if (length > from.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] taken = new byte[length];
    from.get(taken);
    return taken;
  }
}

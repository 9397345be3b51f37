package dev.weft.reach.stun;

import dev.weft.reach.stun.StunAttribute.Place;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/** STUN messages as bytes, RFC 8489 sections 5 and 14. */
final class StunCodec {
  static final int COOKIE = 0x2112A442;

  private static final int HEADER = 20;

  /** Of an attribute's type and length, bytes. */
  private static final int ATTRIBUTE = 4;

  /** A FINGERPRINT is the CRC-32 of what stands before it, XORed with this. */
  private static final int FINGERPRINT_XOR = 0x5354554E;

  private static final int IPV4 = 1;
  private static final int IPV6 = 2;

  /** Of no use in a datagram that fits into the smallest MTU of IPv6. */
  private static final int MAX_BYTES = 1280;

  private StunCodec() {}

  /** Whether a datagram is one of STUN; QUIC's have a bit set where these have two zeros. */
  static boolean isStun(ByteBuf datagram) {
    int at = datagram.readerIndex();
    int bytes = datagram.readableBytes();
    return bytes >= HEADER
        && bytes <= MAX_BYTES
        && (datagram.getByte(at) & 0xC0) == 0
        && datagram.getInt(at + 4) == COOKIE
        && datagram.getUnsignedShort(at + 2) == bytes - HEADER
        && bytes % 4 == 0;
  }

  static byte[] write(StunMessage message) {
    ByteBuf out = Unpooled.buffer();
    out.writeShort(type(message.kind(), message.method())).writeShort(0).writeInt(COOKIE);
    out.writeInt(message.id().high()).writeLong(message.id().low());
    message.attributes().forEach(attribute -> write(out, attribute, message.id()));
    if (message.fingerprint()) {
      // The length that the CRC covers counts the FINGERPRINT itself.
      out.setShort(2, out.readableBytes() + ATTRIBUTE + Integer.BYTES - HEADER);
      int crc = crc(out, out.readableBytes());
      out.writeShort(StunAttribute.FINGERPRINT).writeShort(Integer.BYTES).writeInt(crc);
    }
    out.setShort(2, out.readableBytes() - HEADER);
    return ByteBufUtil.getBytes(out);
  }

  private static int type(StunMessage.Kind kind, int method) {
    int bits = kind.bits;
    return (method & 0x00F)
        | (bits & 1) << 4
        | (method & 0x070) << 1
        | (bits & 2) << 7
        | (method & 0xF80) << 2;
  }

  private static int crc(ByteBuf message, int bytes) {
    CRC32 crc = new CRC32();
    crc.update(message.nioBuffer(message.readerIndex(), bytes));
    return (int) crc.getValue() ^ FINGERPRINT_XOR;
  }

  private static void write(ByteBuf out, StunAttribute attribute, TransactionId id) {
    out.writeShort(attribute.type()).writeShort(0);
    int begin = out.writerIndex();
    if (attribute instanceof StunAttribute.Address a) {
      writeAddress(out, a, id);
    } else if (attribute instanceof StunAttribute.Software software) {
      out.writeCharSequence(software.text(), StandardCharsets.UTF_8);
    } else if (attribute instanceof StunAttribute.ErrorCode error) {
      out.writeShort(0).writeByte(error.code() / 100).writeByte(error.code() % 100);
      out.writeCharSequence(error.reason(), StandardCharsets.UTF_8);
    } else if (attribute instanceof StunAttribute.UnknownTypes unknown) {
      unknown.types().forEach(out::writeShort);
    } else if (attribute instanceof StunAttribute.ChangeRequest change) {
      out.writeInt((change.address() ? 4 : 0) | (change.port() ? 2 : 0));
    } else if (attribute instanceof StunAttribute.Port port) {
      out.writeShort(port.port()).writeShort(0);
    } else if (attribute instanceof StunAttribute.Other other) {
      out.writeBytes(other.value().duplicate());
    }
    int bytes = out.writerIndex() - begin;
    out.setShort(begin - 2, bytes);
    out.writeZero(padding(bytes));
  }

  private static int padding(int bytes) {
    return -bytes & 3;
  }

  private static void writeAddress(ByteBuf out, StunAttribute.Address a, TransactionId id) {
    byte[] address = a.address().getAddress().getAddress();
    int port = a.address().getPort();
    out.writeByte(0).writeByte(address.length == 4 ? IPV4 : IPV6);
    out.writeShort(a.place().xor ? port ^ COOKIE >>> 16 : port);
    out.writeBytes(a.place().xor ? xor(address, id) : address);
  }

  /** With the cookie and the transaction id; twice gives the address again. */
  private static byte[] xor(byte[] address, TransactionId id) {
    byte[] mask =
        ByteBuffer.allocate(Integer.BYTES + TransactionId.BYTES)
            .putInt(COOKIE)
            .putInt(id.high())
            .putLong(id.low())
            .array();
    byte[] masked = new byte[address.length];
    for (int i = 0; i < address.length; i++) {
      masked[i] = (byte) (address[i] ^ mask[i]);
    }
    return masked;
  }

  /**
   * Reads a datagram, which is only borrowed.
   *
   * @return empty for what is not STUN, is malformed, or has a wrong FINGERPRINT
   */
  static Optional<StunMessage> read(ByteBuf datagram) {
    if (!isStun(datagram)) {
      return Optional.empty();
    }
    ByteBuf in = datagram.duplicate();
    int type = in.readUnsignedShort();
    StunMessage.Kind kind = StunMessage.Kind.of((type >> 4 & 1) | (type >> 7 & 2));
    int method = (type & 0x00F) | (type >> 1 & 0x070) | (type >> 2 & 0xF80);
    in.skipBytes(6);
    TransactionId id = new TransactionId(in.readInt(), in.readLong());
    List<StunAttribute> attributes = new ArrayList<>();
    boolean protectedBefore = false;
    while (in.readableBytes() >= ATTRIBUTE) {
      int attribute = in.readUnsignedShort();
      int bytes = in.readUnsignedShort();
      if (bytes + padding(bytes) > in.readableBytes()) {
        return Optional.empty();
      }
      ByteBuf value = in.readSlice(bytes);
      in.skipBytes(padding(bytes));
      if (attribute == StunAttribute.FINGERPRINT) {
        // It is the last one; the length in the header counts it in any case.
        int before = datagram.readableBytes() - ATTRIBUTE - Integer.BYTES;
        boolean right =
            bytes == Integer.BYTES && !in.isReadable() && value.getInt(0) == crc(datagram, before);
        return right
            ? Optional.of(new StunMessage(kind, method, id, List.copyOf(attributes), true))
            : Optional.empty();
      }
      if (protectedBefore) {
        continue;
      }
      if (attribute == StunAttribute.MESSAGE_INTEGRITY
          || attribute == StunAttribute.MESSAGE_INTEGRITY_SHA256) {
        protectedBefore = true;
      }
      Optional<StunAttribute> read = read(attribute, value, id);
      if (read.isEmpty()) {
        return Optional.empty();
      }
      attributes.add(read.get());
    }
    return Optional.of(new StunMessage(kind, method, id, List.copyOf(attributes), false));
  }

  /** Empty if the value is not one of that type. */
  private static Optional<StunAttribute> read(int type, ByteBuf value, TransactionId id) {
    for (Place place : Place.values()) {
      if (place.type == type) {
        return readAddress(place, value, id);
      }
    }
    int bytes = value.readableBytes();
    return switch (type) {
      case StunAttribute.SOFTWARE ->
          Optional.of(new StunAttribute.Software(value.toString(StandardCharsets.UTF_8)));
      case StunAttribute.ERROR_CODE -> bytes < 4 ? Optional.empty() : readError(value);
      case StunAttribute.UNKNOWN_ATTRIBUTES ->
          bytes % 2 == 1 ? Optional.empty() : Optional.of(readUnknown(value));
      case StunAttribute.CHANGE_REQUEST ->
          bytes != 4
              ? Optional.empty()
              : Optional.of(
                  new StunAttribute.ChangeRequest(
                      (value.getInt(0) & 4) != 0, (value.getInt(0) & 2) != 0));
      case StunAttribute.RESPONSE_PORT, StunAttribute.SECOND_PORT ->
          bytes != 4 && bytes != 2
              ? Optional.empty()
              : Optional.of(new StunAttribute.Port(type, value.getUnsignedShort(0)));
      default ->
          Optional.of(
              new StunAttribute.Other(
                  type, ByteBuffer.wrap(ByteBufUtil.getBytes(value)).asReadOnlyBuffer()));
    };
  }

  private static Optional<StunAttribute> readError(ByteBuf value) {
    int code = (value.getByte(2) & 7) * 100 + value.getByte(3);
    if (code < 300 || code > 699 || value.getByte(3) < 0 || value.getByte(3) > 99) {
      return Optional.empty();
    }
    String reason = value.toString(4, value.readableBytes() - 4, StandardCharsets.UTF_8);
    return Optional.of(new StunAttribute.ErrorCode(code, reason));
  }

  private static StunAttribute readUnknown(ByteBuf value) {
    List<Integer> types = new ArrayList<>();
    while (value.isReadable()) {
      types.add(value.readUnsignedShort());
    }
    return new StunAttribute.UnknownTypes(List.copyOf(types));
  }

  private static Optional<StunAttribute> readAddress(Place place, ByteBuf value, TransactionId id) {
    int bytes = value.readableBytes() - 4;
    int family = bytes < 0 ? 0 : value.getByte(1);
    if (!(family == IPV4 && bytes == 4) && !(family == IPV6 && bytes == 16)) {
      return Optional.empty();
    }
    int port = value.getUnsignedShort(2);
    byte[] address = ByteBufUtil.getBytes(value, 4, bytes);
    try {
      return Optional.of(
          new StunAttribute.Address(
              place,
              new InetSocketAddress(
                  InetAddress.getByAddress(place.xor ? xor(address, id) : address),
                  place.xor ? port ^ COOKIE >>> 16 : port)));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 or 16 bytes", e);
    }
  }
}

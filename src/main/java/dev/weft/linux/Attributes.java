package dev.weft.linux;

import dev.weft.address.IpAddress;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The attributes of a received netlink message or of a nest, by type (netlink(7), rtnetlink(7)).
 */
final class Attributes {
  private static final int HEADER = 4;

  /** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
  private static final int TYPE_MASK = 0x3fff;

  /** Above every type that this room reads. */
  private static final int TYPES = 72;

  private final ByteBuffer[] values = new ByteBuffer[TYPES];

  private Attributes() {}

  /** From the buffer's position to its limit. */
  static Attributes parse(ByteBuffer bytes) {
    Attributes attributes = new Attributes();
    int at = bytes.position();
    while (at + HEADER <= bytes.limit()) {
      int length = bytes.getShort(at) & 0xffff;
      int type = bytes.getShort(at + 2) & TYPE_MASK;
      if (length < HEADER || at + length > bytes.limit()) {
        break;
      }
      if (type < TYPES) {
        attributes.values[type] =
            bytes.slice(at + HEADER, length - HEADER).order(ByteOrder.LITTLE_ENDIAN);
      }
      at += NetlinkMessage.aligned(length);
    }
    return attributes;
  }

  boolean has(int type) {
    return values[type] != null;
  }

  Attributes nest(int type) {
    return has(type) ? parse(values[type]) : new Attributes();
  }

  /** The attributes of each element of a nest whose elements may all have one type. */
  List<Attributes> list(int type) {
    List<Attributes> elements = new ArrayList<>();
    ByteBuffer in = has(type) ? values[type] : ByteBuffer.allocate(0);
    int at = 0;
    while (at + HEADER <= in.limit()) {
      int length = in.getShort(at) & 0xffff;
      if (length < HEADER || at + length > in.limit()) {
        break;
      }
      elements.add(parse(in.slice(at + HEADER, length - HEADER).order(ByteOrder.LITTLE_ENDIAN)));
      at += NetlinkMessage.aligned(length);
    }
    return elements;
  }

  int u8(int type, int absent) {
    return has(type) ? values[type].get(0) & 0xff : absent;
  }

  /** Big-endian, as ports are. */
  int be16(int type, int absent) {
    return has(type) ? Short.reverseBytes(values[type].getShort(0)) & 0xffff : absent;
  }

  int i32(int type, int absent) {
    return has(type) ? values[type].getInt(0) : absent;
  }

  byte[] bytes(int type) {
    if (!has(type)) {
      return new byte[0];
    }
    byte[] copy = new byte[values[type].limit()];
    values[type].get(0, copy);
    return copy;
  }

  /** Without the terminating zero; empty if absent. */
  String text(int type) {
    byte[] bytes = bytes(type);
    int length = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  Optional<InetAddress> address(int type) {
    byte[] bytes = bytes(type);
    return bytes.length == 4 || bytes.length == 16
        ? Optional.of(IpAddress.of(bytes))
        : Optional.empty();
  }
}

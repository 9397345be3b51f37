package dev.weft.linux;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** A request being written: {@code nlmsghdr}, the family's fixed header, attributes. */
final class NetlinkMessage {
  static final int HEADER = 16;

  static final int REQUEST = 0x1;
  static final int ACK = 0x4;
  static final int DUMP = 0x300;
  static final int REPLACE = 0x100;
  static final int EXCL = 0x200;
  static final int CREATE = 0x400;
  static final int APPEND = 0x800;

  private static final int NLA_F_NESTED = 0x8000;
  private static final int FLAGS_AT = 6;
  private static final int SEQUENCE_AT = 8;

  private ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

  NetlinkMessage(int type, int flags) {
    bytes.putInt(0).putShort((short) type).putShort((short) (flags | REQUEST)).putLong(0);
  }

  NetlinkMessage u8(int value) {
    room(1).put((byte) value);
    return this;
  }

  NetlinkMessage u16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  NetlinkMessage u32(int value) {
    room(4).putInt(value);
    return this;
  }

  NetlinkMessage attribute(int type, byte[] value) {
    room(value.length + 8)
        .putShort((short) (4 + value.length))
        .putShort((short) type)
        .put(value)
        .position(aligned(bytes.position()));
    return this;
  }

  NetlinkMessage attribute(int type, int value) {
    room(8).putShort((short) 8).putShort((short) type).putInt(value);
    return this;
  }

  NetlinkMessage attributeU8(int type, int value) {
    return attribute(type, new byte[] {(byte) value});
  }

  NetlinkMessage attributeBe16(int type, int value) {
    return attribute(type, new byte[] {(byte) (value >> 8), (byte) value});
  }

  /** Appends a text with a terminating zero, which the kernel expects after names. */
  NetlinkMessage attribute(int type, String value) {
    return attribute(type, (value + "\0").getBytes(StandardCharsets.UTF_8));
  }

  NetlinkMessage attribute(int type, InetAddress value) {
    return attribute(type, value.getAddress());
  }

  NetlinkMessage nest(int type, Consumer<NetlinkMessage> body) {
    int start = bytes.position();
    room(4).putShort((short) 0).putShort((short) (type | NLA_F_NESTED));
    body.accept(this);
    bytes.putShort(start, (short) (bytes.position() - start));
    return this;
  }

  /** Messages and attributes start at multiples of 4. */
  static int aligned(int length) {
    return (length + 3) & ~3;
  }

  int length() {
    return bytes.position();
  }

  /** Whether the kernel sends several answers, and NLMSG_DONE last. */
  boolean isDump() {
    int type = bytes.getShort(4);
    // RTM_GET… types are those with the two low bits set to 2 (rtnetlink(7)).
    return (type & 3) == 2 && (bytes.getShort(FLAGS_AT) & DUMP) == DUMP;
  }

  /** Appends the message to {@code out}, with its sequence number and NLM_F_ACK if wanted. */
  void writeTo(ByteBuffer out, int sequence, boolean acknowledged) {
    bytes.putInt(0, length());
    bytes.putInt(SEQUENCE_AT, sequence);
    int flags = bytes.getShort(FLAGS_AT);
    bytes.putShort(FLAGS_AT, (short) (acknowledged ? flags | ACK : flags & ~ACK));
    out.put(bytes.array(), 0, length());
  }

  private ByteBuffer room(int more) {
    // With up to 3 bytes of padding after it.
    if (bytes.remaining() < more + 4) {
      bytes.flip();
      bytes =
          ByteBuffer.allocate(2 * bytes.capacity() + more + 4)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(bytes);
    }
    return bytes;
  }
}

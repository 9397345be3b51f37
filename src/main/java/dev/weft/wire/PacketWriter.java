package dev.weft.wire;

import dev.weft.linux.RecvRing;
import dev.weft.linux.VnetHeader;
import io.netty.buffer.ByteBuf;

/**
 * Writes frames as gRPC-framed {@code Packet} messages. Everything before the frame that does not
 * depend on it is laid out once per wire.
 */
final class PacketWriter {
  private static final int TAG_FRAME = 2 << 3 | 2;
  private static final int TAG_FRAME_LEN = 3 << 3;
  private static final int TAG_VNET = 16 << 3 | 2;

  private final byte[] idField;
  private final boolean vnet;

  /**
   * @param interfaceId of the peer's end
   * @param vnet whether the peer takes vnet headers
   */
  PacketWriter(long interfaceId, boolean vnet) {
    byte[] field = new byte[11];
    int n = 0;
    field[n++] = 1 << 3;
    long rest = interfaceId;
    while ((rest & ~0x7fL) != 0) {
      field[n++] = (byte) (rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    field[n++] = (byte) rest;
    this.idField = java.util.Arrays.copyOf(field, n);
    this.vnet = vnet;
  }

  /** Upper bound of what {@link #write} adds to a frame. */
  static int overhead() {
    return 5 + 11 + 4 + 4 + 3 + VnetHeader.LENGTH;
  }

  /** Appends frame {@code slot} of the ring. */
  void write(RecvRing ring, int slot, ByteBuf out) {
    int length = ring.length(slot);
    int lengthSize = varintSize(length);
    int message = idField.length + 1 + lengthSize + length + 1 + lengthSize;
    boolean header = vnet && ring.vnetWord(slot) != VnetHeader.NONE;
    if (header) {
      message += 3 + VnetHeader.LENGTH;
    }
    out.writeByte(0).writeInt(message).writeBytes(idField);
    if (header) {
      writeVarint(out, TAG_VNET);
      out.writeByte(VnetHeader.LENGTH);
      out.writeLongLE(ring.vnetWord(slot)).writeShortLE(ring.checksumOffset(slot));
    }
    out.writeByte(TAG_FRAME);
    writeVarint(out, length);
    out.writeBytes(ring.frame(slot));
    out.writeByte(TAG_FRAME_LEN);
    writeVarint(out, length);
  }

  private static int varintSize(int value) {
    return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3;
  }

  private static void writeVarint(ByteBuf out, int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      out.writeByte(rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    out.writeByte(rest);
  }
}

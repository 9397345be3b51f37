package dev.weft.wire.path;

import dev.weft.linux.RecvRing;
import dev.weft.linux.VnetHeader;
import dev.weft.wire.path.offload.DatagramRun;
import dev.weft.wire.path.offload.Segmenter;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Writes frames as gRPC-framed {@code Packet} messages. Everything before the frame that does not
 * depend on it is laid out once per wire.
 */
public final class PacketWriter {
  private static final int TAG_FRAME = 2 << 3 | 2;
  private static final int TAG_FRAME_LEN = 3 << 3;
  private static final int TAG_VNET = 16 << 3 | 2;
  private static final int VNET_FIELD = 3 + VnetHeader.LENGTH;

  /** What a message adds to its frame, at most. */
  private static final int OVERHEAD = 5 + 11 + 4 + 4 + VNET_FIELD;

  /** A frame whose IPv4 header can tell its length; a longer one's says 0. */
  private static final int LONGEST_TOLD = 14 + 65535;

  /** Headers that each segment repeats; longer ones make the batch's buffer grow. */
  private static final int USUAL_HEADERS = 96;

  /** What the peer's node can give to its kernel. */
  public enum Peer {
    /** Complete frames: another program than Weft. */
    PLAIN,

    /**
     * Frames with vnet headers; its kernel is older than Linux 6.2 and knows no UDP segmentation
     * there.
     */
    VNET,

    VNET_UDP,

    /** Super-frames that are longer than their IPv4 header can tell, too. */
    BIG_TCP;

    /** What a node can, by what it says of itself. */
    public static Peer of(boolean vnet, boolean udpSegmentation, boolean bigTcp) {
      return !vnet ? PLAIN : !udpSegmentation ? VNET : bigTcp ? BIG_TCP : VNET_UDP;
    }

    public boolean udpSegmentation() {
      return this == VNET_UDP || this == BIG_TCP;
    }

    public boolean bigTcp() {
      return this == BIG_TCP;
    }

    boolean takes(long word, int length) {
      return switch (this) {
        case PLAIN -> word == VnetHeader.NONE;
        case VNET -> VnetHeader.gsoType(word) != VnetHeader.GSO_UDP_L4 && length <= LONGEST_TOLD;
        case VNET_UDP -> length <= LONGEST_TOLD;
        case BIG_TCP -> true;
      };
    }
  }

  private final byte[] idField;
  private final Peer peer;
  private final Segmenter segmenter = new Segmenter();
  private final DatagramRun run = new DatagramRun();

  /**
   * @param interfaceId of the peer's end
   */
  public PacketWriter(long interfaceId, Peer peer) {
    byte[] field = new byte[11];
    int n = 0;
    field[n++] = 1 << 3;
    long rest = interfaceId;
    while ((rest & ~0x7fL) != 0) {
      field[n++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    field[n++] = (byte) rest;
    this.idField = Arrays.copyOf(field, n);
    this.peer = peer;
  }

  /** Whether the peer takes frames of that length with such a vnet header as they are. */
  boolean takes(long word, int length) {
    return peer.takes(word, length);
  }

  /** About how many bytes {@link #write} appends for this frame. */
  int room(RecvRing ring, int slot) {
    int segments =
        peer.takes(ring.vnetWord(slot), ring.length(slot))
            ? 1
            : VnetCheck.segments(ring.vnetWord(slot), ring.length(slot));
    int repeated = Math.min(segments, Segmenter.MAX_SEGMENTS) * (USUAL_HEADERS + OVERHEAD);
    return ring.length(slot) + repeated;
  }

  /**
   * How many frames from {@code slot} on are to be written as one, by {@link #writeRun}; 1 if the
   * frame stands for itself.
   *
   * @param end the slot after the last that holds a frame
   */
  int run(RecvRing ring, int slot, int end) {
    if (!peer.udpSegmentation()
        || slot + 1 == end
        || !run.open(ring.frame(slot), ring.vnetWord(slot), ring.checksumOffset(slot))) {
      return 1;
    }
    int next = slot + 1;
    while (next < end
        && run.add(ring.frame(next), ring.vnetWord(next), ring.checksumOffset(next))) {
      next++;
    }
    return next - slot;
  }

  /**
   * Appends the run that {@link #run} found at a slot as one super-frame.
   *
   * @return its bytes
   */
  int writeRun(RecvRing ring, int slot, ByteBuf out) {
    long word = run.close();
    openPacket(out, run.length(), word, ring.checksumOffset(slot));
    out.writeBytes(ring.frame(slot));
    for (int i = 1; i < run.segments(); i++) {
      ByteBuffer frame = ring.frame(slot + i);
      out.writeBytes(frame.position(frame.position() + run.headerLength()));
    }
    closeMessage(out, run.length());
    return run.length();
  }

  /**
   * Appends frame {@code slot} of the ring; for a peer that takes no vnet headers, the complete
   * frames that it stands for.
   *
   * @return how many frames they are on an ordinary link; 0 if the vnet header does not fit
   */
  int write(RecvRing ring, int slot, ByteBuf out) {
    return write(ring.frame(slot), ring.vnetWord(slot), ring.checksumOffset(slot), out);
  }

  /** As {@link #write(RecvRing, int, ByteBuf)}, for a frame from its position to its limit. */
  int write(ByteBuffer frame, long word, int checksumOffset, ByteBuf out) {
    int length = frame.remaining();
    if (!peer.takes(word, length)) {
      return writeComplete(frame, word, checksumOffset, out);
    }
    openPacket(out, length, word, checksumOffset);
    out.writeBytes(frame);
    closeMessage(out, length);
    return VnetCheck.segments(word, length);
  }

  private int writeComplete(ByteBuffer frame, long word, int checksumOffset, ByteBuf out) {
    int segments = segmenter.open(frame, word, checksumOffset);
    for (int i = 0; i < segments; i++) {
      segmenter.select(i);
      int length = segmenter.headerLength() + segmenter.payloadLength();
      openMessage(out, length, 0);
      openFrame(out, length);
      writeRange(frame, segmenter.headerFrom(), segmenter.headerLength(), out);
      writeRange(frame, segmenter.payloadFrom(), segmenter.payloadLength(), out);
      closeMessage(out, length);
    }
    return segments;
  }

  private static void writeRange(ByteBuffer frame, int from, int length, ByteBuf out) {
    int limit = frame.limit();
    out.writeBytes(frame.position(from).limit(from + length));
    frame.limit(limit);
  }

  private void openMessage(ByteBuf out, int length, int vnetField) {
    int lengthSize = varintSize(length);
    int message = idField.length + vnetField + 1 + lengthSize + length + 1 + lengthSize;
    out.writeByte(0).writeInt(message).writeBytes(idField);
  }

  private void openPacket(ByteBuf out, int length, long word, int checksumOffset) {
    boolean header = word != VnetHeader.NONE;
    openMessage(out, length, header ? VNET_FIELD : 0);
    if (header) {
      writeVarint(out, TAG_VNET);
      out.writeByte(VnetHeader.LENGTH);
      out.writeLongLE(word).writeShortLE(checksumOffset);
    }
    openFrame(out, length);
  }

  private static void openFrame(ByteBuf out, int length) {
    out.writeByte(TAG_FRAME);
    writeVarint(out, length);
  }

  private static void closeMessage(ByteBuf out, int length) {
    out.writeByte(TAG_FRAME_LEN);
    writeVarint(out, length);
  }

  private static int varintSize(int value) {
    return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3;
  }

  private static void writeVarint(ByteBuf out, int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      out.writeByte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.writeByte(rest);
  }
}

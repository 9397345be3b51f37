package dev.weft.wire.path.offload;

import dev.weft.linux.VnetHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Turns a frame with a vnet header into the complete frames it stands for, as the kernel's own
 * segmentation does (net/ipv4/tcp_offload.c, udp_offload.c). Nothing is allocated: the headers are
 * rewritten where they lie, once per segment. For one thread.
 *
 * <pre>
 *   int segments = segmenter.open(frame, word, checksumOffset);
 *   for (int i = 0; i &lt; segments; i++) {
 *     segmenter.select(i);
 *     // the segment is headerFrom()..+headerLength(), then payloadFrom()..+payloadLength()
 *   }
 * </pre>
 */
public final class Segmenter {
  /** More than any MTU from 72 up makes of a 128 KiB frame; bounds what one frame can become. */
  public static final int MAX_SEGMENTS = 4096;

  private static final int TCP_FIN = 0x01;
  private static final int TCP_PSH = 0x08;
  private static final int TCP_CWR = 0x80;
  private static final int TCP_SEQUENCE = 4;
  private static final int TCP_OFFSET = 12;
  private static final int TCP_FLAGS = 13;
  private static final int TCP_CHECKSUM = 16;
  private static final int TCP_HEADER = 20;
  private static final int UDP_LENGTH = 4;
  private static final int UDP_CHECKSUM = 6;
  private static final int UDP_HEADER = 8;
  private static final int SCTP_CHECKSUM = 8;
  private static final int IP4_LENGTH = 2;
  private static final int IP4_ID = 4;
  private static final int IP4_CHECKSUM = 10;
  private static final int IP6_LENGTH = 4;

  private final IpHeaders ip = new IpHeaders();

  /** SCTP's checksum (RFC 9260), least significant byte first. */
  private final CRC32C crc = new CRC32C();

  private ByteBuffer frame;
  private int start;
  private int end;
  private int headers;
  private int size;
  private int segments;
  private int index;
  private boolean isSegmented;
  private long seed;
  private int firstId;
  private int firstSequence;
  private int flags;

  /**
   * Takes a frame from the buffer's position to its limit; its headers are written to.
   *
   * @param frame in big-endian order
   * @param word see {@link VnetHeader}
   * @param checksumOffset from the checksum's start to its field, in bytes
   * @return how many frames it becomes; 0 if the vnet header does not fit it
   */
  public int open(ByteBuffer frame, long word, int checksumOffset) {
    if (frame.order() != ByteOrder.BIG_ENDIAN) {
      throw new IllegalArgumentException(
          "byte order: " + frame.order() + " (expected: big-endian)");
    }
    this.frame = frame;
    start = frame.position();
    end = frame.limit();
    boolean isPartial = (VnetHeader.flags(word) & VnetHeader.NEEDS_CHECKSUM) != 0;
    isSegmented = VnetHeader.gsoType(word) != VnetHeader.GSO_NONE;
    if (isSegmented) {
      segments = openSegments(word, isPartial);
    } else {
      segments = 1;
      headers = end - start;
      size = 0;
      if (isPartial) {
        int first = start + VnetHeader.checksumStart(word);
        int field = first + checksumOffset;
        segments = finish(first, field) ? 1 : 0;
      }
    }
    return segments;
  }

  private boolean finish(int first, int field) {
    boolean isCrc = field - first == SCTP_CHECKSUM && ip.read(frame, start, end) && ip.isSctp();
    if (field + (isCrc ? 4 : 2) > end) {
      return false;
    }
    if (isCrc) {
      crc.reset();
      frame.putInt(field, 0);
      crc.update(frame.position(first));
      frame.position(start).putInt(field, Integer.reverseBytes((int) crc.getValue()));
    } else {
      Checksum.finish(frame, first, field, end);
    }
    return true;
  }

  private int openSegments(long word, boolean isPartial) {
    int type = VnetHeader.gsoType(word) & ~VnetHeader.GSO_ECN;
    size = VnetHeader.gsoSize(word);
    if (size == 0 || !ip.read(frame, start, end)) {
      return 0;
    }
    boolean isTcp = type == VnetHeader.GSO_TCP4 || type == VnetHeader.GSO_TCP6;
    boolean fits =
        isTcp
            ? ip.isTcp() && ip.isVersion4() == (type == VnetHeader.GSO_TCP4)
            : type == VnetHeader.GSO_UDP_L4 && ip.isUdp();
    // A checksum that starts elsewhere is of a frame inside a tunnel.
    boolean agrees = !isPartial || start + VnetHeader.checksumStart(word) == ip.transport();
    if (!fits || !agrees || ip.transport() + (isTcp ? TCP_HEADER : UDP_HEADER) > end) {
      return 0;
    }
    int transportHeader =
        isTcp ? (frame.get(ip.transport() + TCP_OFFSET) >> 4 & 0xf) * 4 : UDP_HEADER;
    int payload = end - ip.transport() - transportHeader;
    if ((isTcp && transportHeader < TCP_HEADER) || payload <= 0) {
      return 0;
    }
    int count = (payload + size - 1) / size;
    if (count > MAX_SEGMENTS) {
      return 0;
    }
    headers = ip.transport() + transportHeader - start;
    remember(isPartial, isTcp);
    return count;
  }

  /** What the segments' headers are made of; the first rewriting overwrites it. */
  private void remember(boolean isPartial, boolean isTcp) {
    int transport = ip.transport();
    int length = end - transport;
    int field = transport + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM);
    // A partial checksum is the pseudo header's sum with the super-frame's length: take that out.
    seed =
        isPartial
            ? (frame.getShort(field) & 0xffff) + (~Checksum.fold(length) & 0xffff)
            : ip.addressesAndProtocol();
    firstId = ip.isVersion4() ? frame.getShort(ip.network() + IP4_ID) : 0;
    firstSequence = isTcp ? frame.getInt(transport + TCP_SEQUENCE) : 0;
    flags = isTcp ? frame.get(transport + TCP_FLAGS) : 0;
  }

  /**
   * Writes the headers of a segment; those of the one before are gone.
   *
   * @param segment 0 to the number of frames less one
   */
  public void select(int segment) {
    if (segment < 0 || segment >= segments) {
      throw new IndexOutOfBoundsException(
          "segment: " + segment + " (expected: within " + segments + ")");
    }
    index = segment;
    if (!isSegmented) {
      return;
    }
    int payload = payloadLength();
    int network = ip.network();
    int packet = start + headers - network + payload;
    if (ip.isVersion4()) {
      frame.putShort(network + IP4_LENGTH, (short) packet);
      frame.putShort(network + IP4_ID, (short) (firstId + segment));
      frame.putShort(network + IP4_CHECKSUM, (short) 0);
      long sum = Checksum.add(0, frame, network, ip.afterVersion4());
      frame.putShort(network + IP4_CHECKSUM, Checksum.ofHeader(sum));
    } else {
      frame.putShort(network + IP6_LENGTH, (short) (packet - IpHeaders.IP6));
    }
    int transport = ip.transport();
    int length = start + headers - transport + payload;
    int field;
    if (ip.isTcp()) {
      field = transport + TCP_CHECKSUM;
      int cleared = segment == segments - 1 ? 0 : TCP_FIN | TCP_PSH;
      cleared |= segment == 0 ? 0 : TCP_CWR;
      frame.putInt(transport + TCP_SEQUENCE, firstSequence + segment * size);
      frame.put(transport + TCP_FLAGS, (byte) (flags & ~cleared));
    } else {
      field = transport + UDP_CHECKSUM;
      frame.putShort(transport + UDP_LENGTH, (short) length);
    }
    frame.putShort(field, (short) 0);
    long sum = Checksum.add(seed + length, frame, transport, start + headers);
    sum = Checksum.add(sum, frame, payloadFrom(), payloadFrom() + payload);
    frame.putShort(field, Checksum.field(sum));
  }

  /** Index of the selected segment's first byte. */
  public int headerFrom() {
    return start;
  }

  /** Bytes before the payload; the whole frame where it is not segmented. */
  public int headerLength() {
    return headers;
  }

  /** Index of the selected segment's payload. */
  public int payloadFrom() {
    return start + headers + index * size;
  }

  public int payloadLength() {
    return isSegmented ? Math.min(size, end - payloadFrom()) : 0;
  }
}

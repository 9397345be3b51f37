package dev.weft.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Frames to be sent, many at once. One thread's, shared by all of its sockets. Frames in native
 * memory are not copied: that memory stays as it is until they are sent or {@link #clear} is
 * called.
 */
public final class SendRing {
  private static final int MMSGHDR = 64;
  private static final int IOVECS = 32;
  private static final int VNET = 16;
  private static final int MSG_IOV = 16;
  private static final int MSG_IOVLEN = 24;

  private final int slots;
  private final ByteBuffer headers;
  private final ByteBuffer copies;
  private final long headersAddress;
  private final long copiesAddress;
  private final int iovecsAt;
  private final int vnetsAt;
  private int size;

  /**
   * Allocates a ring.
   *
   * @param slots frames sent at once, 1..1024
   * @param copyBytes memory for frames that are added from the heap; 0 for none
   */
  public SendRing(int slots, int copyBytes) {
    if (slots < 1 || slots > 1024) {
      throw new IllegalArgumentException("slots: " + slots + " (expected: 1..1024)");
    }
    this.slots = slots;
    this.iovecsAt = slots * MMSGHDR;
    this.vnetsAt = iovecsAt + slots * IOVECS;
    this.headers = ByteBuffer.allocateDirect(vnetsAt + slots * VNET).order(ByteOrder.LITTLE_ENDIAN);
    this.copies = ByteBuffer.allocateDirect(copyBytes);
    this.headersAddress = LibC.address(headers);
    this.copiesAddress = LibC.address(copies);
    for (int i = 0; i < slots; i++) {
      int iovec = iovecsAt + i * IOVECS;
      headers.putLong(i * MMSGHDR + MSG_IOV, headersAddress + iovec);
      headers.putLong(i * MMSGHDR + MSG_IOVLEN, 2);
      headers.putLong(iovec, headersAddress + vnetsAt + (long) i * VNET);
      headers.putLong(iovec + 8, VnetHeader.LENGTH);
    }
  }

  public int slots() {
    return slots;
  }

  /** Frames added since the last {@link #clear}. */
  public int size() {
    return size;
  }

  public void clear() {
    size = 0;
    copies.clear();
  }

  /**
   * Adds a frame that lies in native memory.
   *
   * @param vnetWord see {@link VnetHeader}; {@link VnetHeader#NONE} for a complete frame
   * @return false if the ring is full
   */
  public boolean add(long address, int length, long vnetWord, int checksumOffset) {
    if (size == slots) {
      return false;
    }
    int iovec = iovecsAt + size * IOVECS;
    headers.putLong(iovec + 16, address);
    headers.putLong(iovec + 24, length);
    headers.putLong(vnetsAt + size * VNET, vnetWord);
    headers.putShort(vnetsAt + size * VNET + 8, (short) checksumOffset);
    size++;
    return true;
  }

  /**
   * Adds a frame whose bytes the caller is to put into the buffer, all of them, before the next
   * call.
   *
   * @return the buffer, with just as much room; null if the ring or its memory for copies is full
   */
  public ByteBuffer addRoom(int length, long vnetWord, int checksumOffset) {
    int at = copies.position();
    if (length > copies.capacity() - at
        || !add(copiesAddress + at, length, vnetWord, checksumOffset)) {
      return null;
    }
    return copies.limit(at + length);
  }

  /**
   * Adds a copy of a frame, from its buffer's position to its limit; the buffer stays as it is.
   *
   * @return false if the ring or its memory for copies is full
   */
  public boolean addCopy(ByteBuffer frame, long vnetWord, int checksumOffset) {
    ByteBuffer room = addRoom(frame.remaining(), vnetWord, checksumOffset);
    if (room != null) {
      room.put(frame.duplicate());
    }
    return room != null;
  }

  /** Adds a copy of a complete frame; see {@link #addCopy(ByteBuffer, long, int)}. */
  public boolean addCopy(byte[] frame) {
    return addCopy(ByteBuffer.wrap(frame), VnetHeader.NONE, 0);
  }

  /** Bytes of the frame in a slot. */
  public int length(int slot) {
    return (int) headers.getLong(iovecsAt + slot * IOVECS + 24);
  }

  long message(int slot) {
    return headersAddress + (long) slot * MMSGHDR;
  }
}

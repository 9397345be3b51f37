package dev.weft.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Native memory that frames are received into, many at once. One thread's, shared by all of its
 * sockets: a slot holds its frame until the next {@link PacketSocket#receive} into this ring.
 */
public final class RecvRing {
  private static final int MMSGHDR = 64;
  private static final int IOVECS = 32;

  /** A {@code cmsghdr} of 16 bytes and {@code tpacket_auxdata} of 20, padded to 8. */
  private static final int CONTROL = 40;

  private static final int VNET = 16;
  private static final int MSG_IOV = 16;
  private static final int MSG_IOVLEN = 24;
  private static final int MSG_CONTROL = 32;
  private static final int MSG_CONTROLLEN = 40;
  private static final int MSG_FLAGS = 48;
  private static final int MSG_LEN = 56;

  private static final int CMSG_LEVEL = 8;
  private static final int CMSG_TYPE = 12;
  private static final int AUX_STATUS = 16;
  private static final int AUX_VLAN_TCI = 32;
  private static final int AUX_VLAN_TPID = 34;
  private static final int TP_STATUS_VLAN_VALID = 0x10;
  private static final int TP_STATUS_VLAN_TPID_VALID = 0x40;
  private static final int ETH_P_8021Q = 0x8100;

  private static final long PAGE = 4096;

  private static final int MACS = 12;
  private static final int VLAN_TAG = 4;

  /** Before each frame, for a VLAN tag; a multiple of 16 keeps frames aligned. */
  private static final int HEADROOM = 16;

  private final int slots;
  private final int stride;
  private final ByteBuffer headers;
  private final ByteBuffer data;
  private final long headersAddress;
  private final long dataAddress;
  private final int iovecsAt;
  private final int controlsAt;
  private final int vnetsAt;
  private final int[] starts;
  private final int[] lengths;
  private final ByteBuffer[] frames;
  private int used;

  /**
   * Allocates {@code slots * slotBytes} of memory outside the heap.
   *
   * @param slots frames received at once, 1..1024
   * @param slotBytes the longest frame, 64..1 MiB; longer ones are truncated
   */
  public RecvRing(int slots, int slotBytes) {
    if (slots < 1 || slots > 1024) {
      throw new IllegalArgumentException("slots: " + slots + " (expected: 1..1024)");
    }
    if (slotBytes < 64 || slotBytes > 1 << 20) {
      throw new IllegalArgumentException("slot bytes: " + slotBytes + " (expected: 64..1048576)");
    }
    this.slots = slots;
    this.stride = HEADROOM + ((slotBytes + 63) & ~63);
    this.iovecsAt = slots * MMSGHDR;
    this.controlsAt = iovecsAt + slots * IOVECS;
    this.vnetsAt = controlsAt + slots * CONTROL;
    this.headers = ByteBuffer.allocateDirect(vnetsAt + slots * VNET).order(ByteOrder.LITTLE_ENDIAN);
    this.data = ByteBuffer.allocateDirect(slots * stride);
    this.headersAddress = LibC.address(headers);
    this.dataAddress = LibC.address(data);
    giveBack(dataAddress, data.capacity());
    this.starts = new int[slots];
    this.lengths = new int[slots];
    this.frames = new ByteBuffer[slots];
    for (int i = 0; i < slots; i++) {
      frames[i] = data.duplicate();
      layOut(i, slotBytes);
    }
  }

  /**
   * The JVM has written zeros to all of it; but few frames are as long as a slot, and pages that
   * none has reached need not be resident. That the kernel refuses costs no more than these.
   */
  private static void giveBack(long address, long bytes) {
    long first = (address + PAGE - 1) & -PAGE;
    long end = (address + bytes) & -PAGE;
    if (first < end) {
      LibC.C.madvise(first, end - first, LibC.MADV_DONTNEED);
    }
  }

  private void layOut(int i, int slotBytes) {
    int message = i * MMSGHDR;
    int iovec = iovecsAt + i * IOVECS;
    headers.putLong(message + MSG_IOV, headersAddress + iovec);
    headers.putLong(message + MSG_IOVLEN, 2);
    headers.putLong(message + MSG_CONTROL, headersAddress + controlsAt + (long) i * CONTROL);
    headers.putLong(message + MSG_CONTROLLEN, CONTROL);
    headers.putLong(iovec, headersAddress + vnetsAt + (long) i * VNET);
    headers.putLong(iovec + 8, VnetHeader.LENGTH);
    headers.putLong(iovec + 16, dataAddress + (long) i * stride + HEADROOM);
    headers.putLong(iovec + 24, slotBytes);
  }

  public int slots() {
    return slots;
  }

  /** Bytes of the frame in a slot, with its VLAN tag and without the vnet header. */
  public int length(int slot) {
    return lengths[slot];
  }

  /** Where the frame in a slot starts, in native memory. */
  public long address(int slot) {
    return dataAddress + starts[slot];
  }

  /** The frame in a slot, as a view whose limits the next frame in the slot changes. */
  public ByteBuffer frame(int slot) {
    return frames[slot].limit(starts[slot] + lengths[slot]).position(starts[slot]);
  }

  /** First 8 bytes of the frame's vnet header, see {@link VnetHeader}. */
  public long vnetWord(int slot) {
    return headers.getLong(vnetsAt + slot * VNET);
  }

  /** From the checksum's start to its field, in bytes. */
  public int checksumOffset(int slot) {
    return headers.getShort(vnetsAt + slot * VNET + 8) & 0xffff;
  }

  /** The frame was longer than the slot; its end is lost. */
  public boolean truncated(int slot) {
    return (headers.getInt(slot * MMSGHDR + MSG_FLAGS) & LibC.MSG_TRUNC) != 0;
  }

  /** Resets the fields that the kernel changes, and returns the address of the first message. */
  long prepare() {
    for (int i = 0; i < used; i++) {
      headers.putLong(i * MMSGHDR + MSG_CONTROLLEN, CONTROL);
      headers.putInt(i * MMSGHDR + MSG_FLAGS, 0);
    }
    used = 0;
    return headersAddress;
  }

  /** Reads what the kernel wrote. */
  void received(int count) {
    used = count;
    for (int i = 0; i < count; i++) {
      starts[i] = i * stride + HEADROOM;
      lengths[i] = Math.max(0, headers.getInt(i * MMSGHDR + MSG_LEN) - VnetHeader.LENGTH);
      restoreVlanTag(i);
    }
  }

  /** Inserts the VLAN tag that the kernel has removed from a tagged frame. */
  private void restoreVlanTag(int i) {
    int control = controlsAt + i * CONTROL;
    boolean isAuxdata =
        headers.getLong(i * MMSGHDR + MSG_CONTROLLEN) >= CONTROL - VLAN_TAG
            && headers.getInt(control + CMSG_LEVEL) == PacketSocket.SOL_PACKET
            && headers.getInt(control + CMSG_TYPE) == PacketSocket.PACKET_AUXDATA;
    int status = isAuxdata ? headers.getInt(control + AUX_STATUS) : 0;
    if ((status & TP_STATUS_VLAN_VALID) == 0 || lengths[i] < MACS) {
      return;
    }
    int tpid =
        (status & TP_STATUS_VLAN_TPID_VALID) != 0
            ? headers.getShort(control + AUX_VLAN_TPID)
            : ETH_P_8021Q;
    int start = starts[i];
    int tagged = start - VLAN_TAG;
    data.putLong(tagged, data.getLong(start));
    data.putInt(tagged + 8, data.getInt(start + 8));
    data.putShort(tagged + MACS, (short) tpid);
    data.putShort(tagged + MACS + 2, headers.getShort(control + AUX_VLAN_TCI));
    starts[i] = tagged;
    lengths[i] += VLAN_TAG;
    headers.putLong(vnetsAt + i * VNET, VnetHeader.tagged(vnetWord(i)));
  }
}

package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/** Puts packets in order. What it holds and what was not read yet are bounded, in bytes. */
final class ReceiveWindow {
  /** What comes out, in order. */
  interface Reader {
    /**
     * Bytes have arrived.
     *
     * @param bytes to be used before this returns
     */
    void onBytes(ByteBuffer bytes);

    /** There are no more. */
    void onEnd();
  }

  /** Numbers beyond the next one that are held. */
  private static final int RING = 1024;

  /** Bytes; as libutp has. */
  static final int CAPACITY = 1 << 20;

  private static final long NONE = -1;

  private final byte[][] ring = new byte[RING][];
  private final Reader reader;
  private long next;
  private long highest;
  private long end = NONE;
  private int packetsHeld;
  private int bytesHeld;
  private int unread;
  private boolean ended;

  /**
   * @param next the number of the first packet
   */
  ReceiveWindow(long next, Reader reader) {
    this.next = next;
    this.highest = next;
    this.reader = reader;
  }

  /** The number of the first packet that is missing. */
  long next() {
    return next;
  }

  /** Whether everything up to the end is there. */
  boolean ended() {
    return ended;
  }

  boolean holds() {
    return packetsHeld > 0;
  }

  /** Bytes that can be taken. */
  int free() {
    return Math.max(0, CAPACITY - unread - bytesHeld);
  }

  /** The application has taken bytes. */
  void read(int bytes) {
    unread -= bytes;
  }

  /** Whether a number is near enough to be that of a packet. */
  boolean plausible(long number) {
    return number < next + RING && number > next - RING;
  }

  /**
   * Takes a packet; what is too much is dropped, and will be sent again.
   *
   * @param last whether the end follows it
   * @return whether it was the next one, and none was missing before or is now
   */
  boolean take(long number, ByteBuffer payload, boolean last) {
    if (ended || number < next || (end != NONE && number > end)) {
      return false;
    }
    if (last && end == NONE) {
      end = number;
    }
    if (number > next) {
      hold(number, payload);
      return false;
    }
    if (unread + payload.remaining() > CAPACITY) {
      return false;
    }
    boolean missing = packetsHeld > 0;
    give(payload);
    giveHeld();
    return !missing && !ended;
  }

  private void hold(long number, ByteBuffer payload) {
    int slot = (int) (number & (RING - 1));
    if (ring[slot] == null && payload.remaining() <= free()) {
      byte[] copy = new byte[payload.remaining()];
      payload.get(copy);
      ring[slot] = copy;
      packetsHeld++;
      bytesHeld += copy.length;
      highest = Math.max(highest, number);
    }
  }

  private void give(ByteBuffer payload) {
    unread += payload.remaining();
    if (payload.hasRemaining()) {
      reader.onBytes(payload);
    }
    if (next++ == end) {
      ended = true;
      forget();
      reader.onEnd();
    }
  }

  private void giveHeld() {
    while (packetsHeld > 0) {
      int slot = (int) (next & (RING - 1));
      byte[] held = ring[slot];
      if (held == null) {
        return;
      }
      ring[slot] = null;
      packetsHeld--;
      bytesHeld -= held.length;
      give(ByteBuffer.wrap(held));
    }
  }

  /** What is beyond the end is nothing. */
  private void forget() {
    Arrays.fill(ring, null);
    packetsHeld = 0;
    bytesHeld = 0;
  }

  /** Which packets after the missing one are there: bit 0 is the next but one. */
  BitSet later() {
    if (packetsHeld == 0) {
      return UtpHeader.NONE;
    }
    BitSet later = new BitSet();
    long most = Math.min(highest, next + UtpHeader.LONGEST_MASK * 8);
    for (long n = next + 1; n <= most; n++) {
      if (ring[(int) (n & (RING - 1))] != null) {
        later.set((int) (n - next - 1));
      }
    }
    return later;
  }
}

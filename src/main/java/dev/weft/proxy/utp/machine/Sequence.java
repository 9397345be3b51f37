package dev.weft.proxy.utp.machine;

/** Sequence numbers: 16 bits in a packet, counted on without end within a connection. */
final class Sequence {
  private Sequence() {}

  static int wire(long number) {
    return (int) number & 0xffff;
  }

  /** The number of these 16 bits that is nearest to another, in -32768..32767 from it. */
  static long near(long other, int wire) {
    return other + (short) (wire - (int) other);
  }
}

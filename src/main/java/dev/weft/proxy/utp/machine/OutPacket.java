package dev.weft.proxy.utp.machine;

/** A packet with payload, or the end, on its way. The header is written whenever it is sent. */
final class OutPacket {
  final long number;
  final byte[] bytes;
  final boolean end;
  int length = UtpHeader.LENGTH;

  /** Bytes that make it longer when it is sent first. */
  int padding;

  int sent;
  long firstSentAt;
  long sentAt;

  /** How many packets had been sent when this was sent last. */
  long order;

  /** Acknowledgements of what is before it, since it was sent last. */
  int duplicates;

  boolean lost;
  boolean arrived;

  /**
   * @param size bytes of a full datagram
   */
  OutPacket(long number, int size, boolean end) {
    this.number = number;
    this.bytes = new byte[size];
    this.end = end;
  }

  int payload() {
    return length - UtpHeader.LENGTH;
  }

  int room() {
    return bytes.length - length;
  }

  boolean underWay() {
    return sent > 0 && !lost && !arrived;
  }
}

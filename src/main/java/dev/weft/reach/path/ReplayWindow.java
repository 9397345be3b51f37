package dev.weft.reach.path;

/** Which numbers were seen, as in RFC 4303, 3.4.3: those far behind the highest count as seen. */
final class ReplayWindow {
  private long highest;

  /** Bit n: the number n below the highest was seen. */
  private long bits;

  /** Whether a number, more than 0, comes for the first time; notes it. */
  boolean first(long number) {
    if (number <= 0) {
      return false;
    }
    if (number > highest) {
      long by = number - highest;
      bits = by >= Long.SIZE ? 1 : bits << by | 1;
      highest = number;
      return true;
    }
    long behind = highest - number;
    if (behind >= Long.SIZE || (bits >>> behind & 1) != 0) {
      return false;
    }
    bits |= 1L << behind;
    return true;
  }
}

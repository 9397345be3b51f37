package dev.weft.proxy.forward;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Slows down whoever tries tokens: each address may be wrong {@value #BURST} times at once, then
 * once in 20 ms (a virtual schedule, as in ITU-T I.371's GCRA). A token is looked at only when its
 * address's time has come.
 */
final class WrongTokens {
  static final int BURST = 50;
  private static final long INTERVAL_NANOS = 20_000_000;
  private static final int MOST_ADDRESSES = 1024;

  /** When the next wrong token of an address would be due, nanoseconds; the oldest first. */
  private final Map<String, Long> due = new LinkedHashMap<>();

  /** How long a token of this address has to wait before it is looked at, nanoseconds. */
  long wait(String address, long now) {
    Long next = due.get(address);
    return next == null ? 0 : Math.max(0, next - now - BURST * INTERVAL_NANOS);
  }

  /** Counts a wrong token. */
  void wrong(String address, long now) {
    Long next = due.remove(address);
    if (due.size() >= MOST_ADDRESSES) {
      // Who was wrong the longest ago.
      due.remove(due.keySet().iterator().next());
    }
    due.put(address, (next == null || next - now < 0 ? now : next) + INTERVAL_NANOS);
  }
}

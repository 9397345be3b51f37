package dev.weft.reach;

import java.util.concurrent.atomic.LongAdder;

/** What a port has counted since it was opened. */
final class PortCounters {
  final LongAdder unknown = new LongAdder();
  final LongAdder handedOver = new LongAdder();
  final LongAdder overflown = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder repeated = new LongAdder();
  final LongAdder direct = new LongAdder();
}

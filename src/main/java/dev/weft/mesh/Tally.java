package dev.weft.mesh;

import java.util.concurrent.atomic.AtomicLong;

/** Counts on one thread; any thread may read. */
final class Tally {
  private final AtomicLong value = new AtomicLong();

  void add(long n) {
    value.lazySet(value.getPlain() + n);
  }

  long get() {
    return value.get();
  }
}

package dev.weft.nsm;

import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Joins pairs of namespaces one after the other, on one thread: the kernel serialises changes of
 * links (rtnl), and who waits for it spins. A namespace is entered once for all requests that wait,
 * and let go when none does: as long as it is open it cannot end.
 */
final class VethJoiner {
  /** A namespace that is deleted under a burst that never ends goes after this time. */
  private static final long MAX_OPEN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MAX_OPEN = 64;

  private final KernelLinks kernel;
  private final WorkerExecutor thread;
  private final AtomicInteger waiting = new AtomicInteger();

  // The thread's own.
  private final Map<String, OpenNetns> open = new HashMap<>();
  private long openSince;

  /**
   * @param thread of a pool of one
   */
  VethJoiner(KernelLinks kernel, WorkerExecutor thread) {
    this.kernel = kernel;
    this.thread = thread;
  }

  Future<Void> join(Connection c) {
    waiting.incrementAndGet();
    return thread.executeBlocking(
        () -> {
          try {
            kernel.joinVeth(
                c,
                at(c.client().netns(), c.client().inode()),
                at(c.endpoint().netns(), c.endpoint().inode()));
            return null;
          } finally {
            if (waiting.decrementAndGet() == 0 || isFull()) {
              open.values().forEach(OpenNetns::close);
              open.clear();
            }
          }
        },
        false);
  }

  private boolean isFull() {
    return open.size() >= MAX_OPEN || System.nanoTime() - openSince > MAX_OPEN_NANOS;
  }

  private OpenNetns at(String ref, long inode) throws IOException {
    OpenNetns there = open.get(ref);
    if (there != null && there.inode() == inode) {
      return there;
    }
    if (open.isEmpty()) {
      openSince = System.nanoTime();
    }
    OpenNetns opened = OpenNetns.open(ref, inode);
    if (there != null) {
      there.close();
    }
    open.put(ref, opened);
    return opened;
  }
}

package dev.weft.nsm;

import dev.weft.bus.Fault;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.util.HashMap;
import java.util.Map;

/**
 * What namespaces have, at most a second old: a burst of requests looks once. What this room itself
 * adds is known without looking.
 */
final class Views {
  private static final long FRESH_NANOS = 1_000_000_000L;
  private static final int MAX_KEPT = 256;

  private record Seen(long at, Future<KernelLinks.View> view) {}

  private final KernelLinks kernel;
  private final WorkerExecutor workers;
  private final Map<String, Seen> seen = new HashMap<>();

  Views(KernelLinks kernel, WorkerExecutor workers) {
    this.kernel = kernel;
    this.workers = workers;
  }

  /** PRECONDITION if the namespace cannot be used. */
  Future<KernelLinks.View> of(String netns) {
    long now = System.nanoTime();
    Seen last = seen.get(netns);
    if (last != null && now - last.at() < FRESH_NANOS) {
      return last.view();
    }
    if (seen.size() >= MAX_KEPT) {
      seen.clear();
    }
    Future<KernelLinks.View> view =
        workers
            .executeBlocking(() -> kernel.view(netns), false)
            .recover(e -> Future.failedFuture(Fault.PRECONDITION.because(e.getMessage(), e)));
    Seen looked = new Seen(now, view);
    seen.put(netns, looked);
    return view.onFailure(e -> seen.remove(netns, looked));
  }

  /** Something was found to be otherwise. */
  void forget(String netns) {
    seen.remove(netns);
  }
}

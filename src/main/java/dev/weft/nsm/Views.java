package dev.weft.nsm;

import dev.weft.bus.Fault;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.util.HashMap;
import java.util.Map;

/**
 * What namespaces have: a burst of requests looks once a second and does not wait for it. What this
 * room itself adds is known without looking.
 */
final class Views {
  private static final long FRESH_NANOS = 1_000_000_000L;

  /** What is older is not used while it is looked at again. */
  private static final long STALE_NANOS = 3_000_000_000L;

  private static final int MAX_KEPT = 256;

  /**
   * @param renewed whether it is being looked at again
   */
  private record Seen(long at, Future<KernelLinks.View> view, boolean renewed) {}

  private final KernelLinks kernel;
  private final WorkerExecutor thread;
  private final Map<String, Seen> seen = new HashMap<>();

  /**
   * @param thread of a pool of one, which changes links too: a list of links that changes meanwhile
   *     has to be read again
   */
  Views(KernelLinks kernel, WorkerExecutor thread) {
    this.kernel = kernel;
    this.thread = thread;
  }

  /** PRECONDITION if the namespace cannot be used. */
  Future<KernelLinks.View> of(String netns) {
    long now = System.nanoTime();
    Seen last = seen.get(netns);
    if (last == null || now - last.at() >= STALE_NANOS) {
      if (seen.size() >= MAX_KEPT) {
        seen.clear();
      }
      Future<KernelLinks.View> view = look(netns);
      Seen first = new Seen(now, view, false);
      seen.put(netns, first);
      return view.onFailure(e -> seen.remove(netns, first));
    }
    if (now - last.at() >= FRESH_NANOS && !last.renewed()) {
      Seen renewed = new Seen(last.at(), last.view(), true);
      seen.put(netns, renewed);
      look(netns)
          .onSuccess(
              view -> seen.replace(netns, renewed, new Seen(now, Future.succeededFuture(view), false)))
          .onFailure(e -> seen.remove(netns, renewed));
    }
    return last.view();
  }

  private Future<KernelLinks.View> look(String netns) {
    return thread
        .executeBlocking(() -> kernel.view(netns), false)
        .recover(e -> Future.failedFuture(Fault.PRECONDITION.because(e.getMessage(), e)));
  }

  /** Something was found to be otherwise. */
  void forget(String netns) {
    seen.remove(netns);
  }
}

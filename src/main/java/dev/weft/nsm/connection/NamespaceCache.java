package dev.weft.nsm.connection;

import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;

/**
 * What namespaces have: a burst of requests looks once and does not wait for later looks. What this
 * room itself adds is known without looking.
 */
public final class NamespaceCache {
  private static final long FRESH_NANOS = 5_000_000_000L;

  /** What is older is not used while it is looked at again. */
  private static final long STALE_NANOS = 10_000_000_000L;

  private static final int MAX_KEPT = 256;

  /**
   * @param renewed whether it is being looked at again
   */
  private record Seen(long at, Future<KernelLinks.View> view, boolean renewed) {}

  private final KernelLinks links;
  private final Map<String, Seen> seen = new HashMap<>();

  public NamespaceCache(KernelLinks links) {
    this.links = links;
  }

  /** PRECONDITION if the namespace cannot be used. */
  public Future<KernelLinks.View> of(String netns) {
    long now = System.nanoTime();
    Seen last = seen.get(netns);
    if (last == null || now - last.at() >= STALE_NANOS) {
      if (seen.size() >= MAX_KEPT) {
        seen.clear();
      }
      Future<KernelLinks.View> view = links.view(netns);
      Seen first = new Seen(now, view, false);
      seen.put(netns, first);
      return view.onFailure(e -> seen.remove(netns, first));
    }
    if (now - last.at() >= FRESH_NANOS && !last.renewed()) {
      Seen renewed = new Seen(last.at(), last.view(), true);
      seen.put(netns, renewed);
      links
          .view(netns)
          .onSuccess(
              view ->
                  seen.replace(netns, renewed, new Seen(now, Future.succeededFuture(view), false)))
          .onFailure(e -> seen.remove(netns, renewed));
    }
    return last.view();
  }

  /** Something was found to be otherwise. */
  public void forget(String netns) {
    seen.remove(netns);
  }
}

package dev.weft.net;

import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Nice;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread of a node that creates and removes links. The kernel makes one change at a time
 * (the rtnl lock), so further threads would only wait for the lock, and a list of links that
 * changes while it is read has to be read again. A namespace is opened once for all changes that
 * wait, and closed when none waits: an open namespace cannot end.
 */
public final class LinkThread {
  private static final Logger log = LoggerFactory.getLogger(LinkThread.class);

  private static final int NICE = -10;

  private final Vertx vertx;
  private final WorkerExecutor thread;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Queue<Removal> removals = new ConcurrentLinkedQueue<>();

  private final OpenNamespaces namespaces = new OpenNamespaces();

  /** A change of links. */
  public interface Work<T> {
    T run(OpenNamespaces namespaces) throws IOException;
  }

  /** Where a link that is to be removed may be. */
  public record Place(String netns, String name) {}

  LinkThread(Vertx vertx) {
    this.vertx = vertx;
    this.thread = vertx.createSharedWorkerExecutor("weft-links", 1);
    thread
        .executeBlocking(LinkThread::goFirst)
        .onFailure(
            e ->
                log.info(
                    "the thread that changes links has no raised priority: {}", e.getMessage()));
  }

  /** Every program of this host that changes links waits while this thread holds the rtnl lock. */
  private static Void goFirst() throws LinuxException {
    Nice.set(NICE);
    return null;
  }

  /** Runs a change after all earlier ones. */
  public <T> Future<T> change(Work<T> work) {
    waiting.incrementAndGet();
    return thread.executeBlocking(
        () -> {
          try {
            return work.run(namespaces);
          } finally {
            if (waiting.decrementAndGet() == 0 || namespaces.areMany()) {
              namespaces.release();
            }
          }
        },
        false);
  }

  /** As {@link #change}; blocks the calling thread until the change is made. */
  public <T> T await(Work<T> work) throws IOException {
    try {
      return change(work).toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw WeftException.of(e.getCause());
    }
  }

  /**
   * Removes a link, and with it the other end of a veth pair: from the first of the places where a
   * link of that name carries the alias. Success also if no place has it. Removals that wait are
   * done and answered together, for many take as long as one; they overtake changes that wait, so a
   * caller first awaits the change that creates the link.
   */
  public Future<Void> remove(String alias, List<Place> places) {
    Removal removal = new Removal(alias, places, vertx.getOrCreateContext());
    removals.add(removal);
    thread.executeBlocking(this::removeAll, false).onFailure(removal::answer);
    return removal.done.future();
  }

  private Void removeAll() {
    List<Removal> all = new ArrayList<>();
    for (Removal r = removals.poll(); r != null; r = removals.poll()) {
      all.add(r);
    }
    try {
      remove(all);
    } finally {
      // Now, not in the turn of each: its caller's next removal would wait behind other removals
      // alone, and so would the next, until none is done together with another.
      all.forEach(removal -> removal.answer(removal.failure));
    }
    return null;
  }

  private static void remove(List<Removal> all) {
    for (int round = 0; ; round++) {
      Map<String, List<Removal>> byNetns = new LinkedHashMap<>();
      for (Removal removal : all) {
        if (!removal.found && round < removal.places.size()) {
          String netns = removal.places.get(round).netns();
          byNetns.computeIfAbsent(netns, n -> new ArrayList<>()).add(removal);
        }
      }
      if (byNetns.isEmpty()) {
        return;
      }
      for (Map.Entry<String, List<Removal>> there : byNetns.entrySet()) {
        try {
          removeIn(there.getKey(), there.getValue(), round);
        } catch (LinuxException | RuntimeException e) {
          there.getValue().forEach(removal -> removal.failure = e);
        }
      }
    }
  }

  private static void removeIn(String ref, List<Removal> removals, int round)
      throws LinuxException {
    Netns netns;
    try {
      netns = Netns.open(ref);
    } catch (LinuxException gone) {
      if (gone.isShortage()) {
        throw gone;
      }
      return;
    }
    try (netns;
        Netlink in = Netlink.open(netns)) {
      Map<Removal, Integer> found = new HashMap<>();
      for (Removal removal : removals) {
        in.link(removal.places.get(round).name())
            .filter(link -> link.alias().equals(removal.alias))
            .map(Link::index)
            .ifPresent(index -> found.put(removal, index));
      }
      in.delete(List.copyOf(found.values()));
      found.keySet().forEach(Removal::found);
    }
  }

  /** A link to be removed. */
  private static final class Removal {
    private final String alias;
    private final List<Place> places;
    private final Context caller;
    private final Promise<Void> done = Promise.promise();
    private boolean found;
    private Throwable failure;

    Removal(String alias, List<Place> places, Context caller) {
      this.alias = alias;
      this.places = places;
      this.caller = caller;
    }

    void found() {
      found = true;
      failure = null;
    }

    /** Tells the caller on its own event loop; null is success. */
    void answer(Throwable e) {
      caller.runOnContext(
          v -> {
            if (e == null) {
              done.tryComplete();
            } else {
              done.tryFail(e);
            }
          });
    }
  }

  /** Whether changes wait: to list a thousand links would delay them by 10 ms. */
  public boolean isBusy() {
    return waiting.get() > 0;
  }

  Future<Void> close() {
    return thread
        .executeBlocking(
            () -> {
              namespaces.close();
              return null;
            },
            false)
        .transform(done -> thread.close());
  }
}

package dev.weft.net;

import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Nice;
import io.vertx.core.Future;
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
 * The one thread of a node that creates and removes links: the kernel serialises changes (rtnl), so
 * that others would spin for it, and a list that changes while it is read has to be read again. A
 * namespace is entered once for all requests that wait, and closed when none does: as long as it is
 * open it cannot end.
 */
public final class LinkThread {
  private static final Logger log = LoggerFactory.getLogger(LinkThread.class);

  private static final int NICE = -10;

  private final WorkerExecutor thread;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Queue<Removal> removals = new ConcurrentLinkedQueue<>();

  private final OpenNamespaces namespaces = new OpenNamespaces();

  /** A change of links. */
  public interface Work<T> {
    T run(OpenNamespaces namespaces) throws IOException;
  }

  /** Where a link may be that is to be removed. */
  public record Place(String netns, String name) {}

  LinkThread(Vertx vertx) {
    this.thread = vertx.createSharedWorkerExecutor("weft-links", 1);
    thread
        .executeBlocking(LinkThread::goFirst)
        .onFailure(e -> log.info("links are made at the priority of all: {}", e.getMessage()));
  }

  /** What waits for rtnl on this host waits for this thread. */
  private static Void goFirst() throws LinuxException {
    Nice.set(NICE);
    return null;
  }

  /** Runs a change after those that were asked for before. */
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

  /** As {@link #change}, for a thread that may block until it is done. */
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
   * link of that name carries the alias. That it is nowhere is success. Removals that are asked for
   * while others are under way are done together: many take as long as one.
   */
  public Future<Void> remove(String alias, List<Place> places) {
    Removal removal = new Removal(alias, places);
    removals.add(removal);
    // A removal that an earlier caller's turn did is reported in its own turn: each caller's future
    // completes on that caller's context.
    return thread.executeBlocking(
        () -> {
          removeAll();
          return removal.result();
        },
        false);
  }

  private void removeAll() {
    List<Removal> all = new ArrayList<>();
    for (Removal r = removals.poll(); r != null; r = removals.poll()) {
      all.add(r);
    }
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
        removeIn(there.getKey(), there.getValue(), round);
      }
    }
  }

  private static void removeIn(String ref, List<Removal> removals, int round) {
    Netns netns;
    try {
      netns = Netns.open(ref);
    } catch (LinuxException gone) {
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
      found.keySet().forEach(Removal::find);
    } catch (LinuxException | RuntimeException e) {
      removals.forEach(r -> r.failure = e);
    }
  }

  /** A link that is to go. */
  private static final class Removal {
    private final String alias;
    private final List<Place> places;
    private boolean found;
    private Exception failure;

    Removal(String alias, List<Place> places) {
      this.alias = alias;
      this.places = places;
    }

    void find() {
      found = true;
      failure = null;
    }

    Void result() throws Exception {
      if (failure != null) {
        throw failure;
      }
      return null;
    }
  }

  /** Whether requests wait: a list of a thousand links would hold them up for 10 ms. */
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

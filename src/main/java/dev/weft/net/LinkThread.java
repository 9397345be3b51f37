package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Nice;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
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

  /** A namespace that is deleted under a burst that never ends goes after this time. */
  private static final long MAX_OPEN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MAX_OPEN = 64;
  private static final int NICE = -10;

  private final WorkerExecutor thread;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Queue<Removal> removals = new ConcurrentLinkedQueue<>();

  // The thread's own.
  private final Map<String, OpenNetns> open = new HashMap<>();
  private long openSince;
  private OpenNetns host;

  private final Namespaces namespaces =
      new Namespaces() {
        @Override
        public OpenNetns host() throws LinuxException {
          if (host == null) {
            host = OpenNetns.current();
          }
          return host;
        }

        @Override
        public OpenNetns at(String ref, long identity) throws LinuxException {
          return opened(ref, identity);
        }
      };

  /** A change of links. */
  public interface Work<T> {
    T run(Namespaces namespaces) throws IOException;
  }

  /** Namespaces that several requests share; the thread closes them. */
  public interface Namespaces {
    /** The namespace that this process runs in. */
    OpenNetns host() throws LinuxException;

    /** PRECONDITION if the reference means another namespace by now. */
    OpenNetns at(String ref, long identity) throws LinuxException;
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
            if (waiting.decrementAndGet() == 0 || isFull()) {
              open.values().forEach(OpenNetns::close);
              open.clear();
            }
          }
        },
        false);
  }

  /** As {@link #change}, for a thread that may block until it is done. */
  public <T> T await(Work<T> work) throws IOException {
    CompletableFuture<T> done = new CompletableFuture<>();
    // Completed by the thread itself: the caller's event loop may be waiting for the caller.
    change(
            namespaces -> {
              try {
                done.complete(work.run(namespaces));
              } catch (IOException | RuntimeException e) {
                done.completeExceptionally(e);
              }
              return null;
            })
        .onFailure(done::completeExceptionally);
    try {
      return done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw e.getCause() instanceof RuntimeException r ? r : e;
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
    thread
        .executeBlocking(this::removeAll, false)
        .onSuccess(removed -> removed.forEach(Removal::tell))
        .onFailure(removal.done::tryFail);
    return removal.done.future();
  }

  private List<Removal> removeAll() {
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
        return all;
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
    private final Promise<Void> done = Promise.promise();
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

    void tell() {
      if (failure == null) {
        done.tryComplete();
      } else {
        done.tryFail(failure);
      }
    }
  }

  /** Whether requests wait: a list of a thousand links would hold them up for 10 ms. */
  public boolean isBusy() {
    return waiting.get() > 0;
  }

  Future<Void> close() {
    return change(
            namespaces -> {
              if (host != null) {
                host.close();
              }
              return null;
            })
        .transform(done -> thread.close());
  }

  private boolean isFull() {
    return open.size() >= MAX_OPEN || System.nanoTime() - openSince > MAX_OPEN_NANOS;
  }

  private OpenNetns opened(String ref, long identity) throws LinuxException {
    OpenNetns there = open.get(ref);
    if (there != null && there.identity() == identity) {
      return there;
    }
    if (open.isEmpty()) {
      openSince = System.nanoTime();
    }
    OpenNetns opened = OpenNetns.open(ref, identity);
    if (there != null) {
      there.close();
    }
    open.put(ref, opened);
    return opened;
  }
}

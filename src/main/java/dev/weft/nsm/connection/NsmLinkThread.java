package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Nice;
import dev.weft.net.OpenNetns;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that adds and removes veth pairs and lists links: the kernel serialises changes
 * (rtnl), so that others would spin for it, and a list that changes while it is read has to be read
 * again. A namespace is entered once for all requests that wait, and let go when none does: as long
 * as it is open it cannot end.
 */
public final class NsmLinkThread {
  private static final Logger log = LoggerFactory.getLogger(NsmLinkThread.class);

  /** A namespace that is deleted under a burst that never ends goes after this time. */
  private static final long MAX_OPEN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MAX_OPEN = 64;
  private static final int NICE = -10;

  private final KernelLinks kernel;
  private final WorkerExecutor thread;
  private final AtomicInteger waiting = new AtomicInteger();

  private final Queue<Parting> partings = new ConcurrentLinkedQueue<>();

  // The thread's own.
  private final Map<String, OpenNetns> open = new HashMap<>();
  private long openSince;

  public NsmLinkThread(KernelLinks kernel, Vertx vertx) {
    this.kernel = kernel;
    this.thread = vertx.createSharedWorkerExecutor("weft-nsm-links", 1);
    thread
        .executeBlocking(NsmLinkThread::goFirst)
        .onFailure(e -> log.info("links are made at the priority of all: {}", e.getMessage()));
  }

  /** Every request passes here, and what waits for rtnl on this host waits for this thread. */
  private static Void goFirst() throws LinuxException {
    Nice.set(NICE);
    return null;
  }

  public Future<Void> join(Connection c) {
    waiting.incrementAndGet();
    return thread.executeBlocking(
        () -> {
          try {
            kernel.joinVeth(
                c,
                at(c.client().netns(), c.client().identity()),
                at(c.endpoint().netns(), c.endpoint().identity()));
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

  /** Those that come while others are removed are removed at once: many take as long as one. */
  public Future<Void> part(Connection c) {
    Parting parting = new Parting(c);
    partings.add(parting);
    thread
        .executeBlocking(this::partAll, false)
        .onSuccess(parted -> parted.forEach(Parting::tell))
        .onFailure(parting.done::tryFail);
    return parting.done.future();
  }

  private List<Parting> partAll() {
    List<Parting> all = new ArrayList<>();
    for (Parting p = partings.poll(); p != null; p = partings.poll()) {
      all.add(p);
    }
    removeEnds(all, p -> p.connection.client().netns(), p -> p.connection.client().intf());
    // A pair goes with one end; the client's may have been taken elsewhere.
    removeEnds(
        all.stream().filter(p -> !p.found).toList(),
        p -> p.connection.endpoint().netns(),
        p -> p.connection.endpoint().intf());
    return all;
  }

  private void removeEnds(
      List<Parting> partings, Function<Parting, String> netns, Function<Parting, String> intf) {
    partings.stream()
        .collect(Collectors.groupingBy(netns))
        .forEach(
            (ref, there) -> {
              try {
                Set<String> found =
                    kernel.remove(
                        ref,
                        there.stream()
                            .collect(Collectors.toMap(p -> p.connection.id(), intf, (a, b) -> a)));
                there.stream()
                    .filter(p -> found.contains(p.connection.id()))
                    .forEach(Parting::find);
              } catch (IOException | RuntimeException e) {
                there.forEach(p -> p.failure = e);
              }
            });
  }

  /** A connection whose pair is to go. */
  private static final class Parting {
    private final Connection connection;
    private final Promise<Void> done = Promise.promise();
    private boolean found;
    private Exception failure;

    Parting(Connection connection) {
      this.connection = connection;
    }

    void find() {
      found = true;
      failure = null;
    }

    void tell() {
      if (failure == null) {
        done.complete();
      } else {
        done.fail(failure);
      }
    }
  }

  /** PRECONDITION if the namespace cannot be used. */
  public Future<KernelLinks.View> view(String netns) {
    return thread
        .executeBlocking(() -> kernel.view(netns), false)
        .recover(e -> Future.failedFuture(Fault.PRECONDITION.because(e.getMessage(), e)));
  }

  /** By namespace: the names of the links of this room there, by connection. */
  public Future<Map<String, Map<String, Set<String>>>> ours(Set<String> namespaces) {
    return thread.executeBlocking(
        () -> {
          Map<String, Map<String, Set<String>>> ours = new HashMap<>();
          for (String netns : namespaces) {
            ours.put(netns, kernel.ours(netns));
          }
          return ours;
        },
        false);
  }

  /** Whether requests wait: a list of a thousand links would hold them up for 10 ms. */
  public boolean isBusy() {
    return waiting.get() > 0;
  }

  public Future<Void> close() {
    return thread.close();
  }

  private boolean isFull() {
    return open.size() >= MAX_OPEN || System.nanoTime() - openSince > MAX_OPEN_NANOS;
  }

  private OpenNetns at(String ref, long identity) throws IOException {
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

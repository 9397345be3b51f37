package dev.weft.cluster;

import com.hazelcast.splitbrainprotection.SplitBrainProtectionException;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Leases as signed records: exclusive through the cluster's map, remembered by every member. */
final class ReplicatedLeases extends ReplicatedCommonTable implements Leases {
  private record Body(String holder) {}

  private final Promise<Void> ready = Promise.promise();
  private final LeaseStore leaseStore;
  private final Supplier<Optional<String>> refusal;

  /**
   * @param refusal why no lease can be given now
   */
  ReplicatedLeases(
      String name,
      LeaseStore tableStore,
      TableContext context,
      Supplier<Optional<String>> refusal) {
    super(name, tableStore, context);
    this.leaseStore = tableStore;
    this.refusal = refusal;
  }

  @Override
  public Future<Void> ready() {
    return ready.future();
  }

  @Override
  void opened() {
    ready.tryComplete();
  }

  @Override
  public List<Lease> all() {
    return known.values().stream()
        .filter(e -> !e.tombstone())
        .map(ReplicatedLeases::lease)
        .sorted(Comparator.comparing(Lease::key))
        .toList();
  }

  @Override
  public Future<Boolean> claim(String key, String holder, Predicate<Lease> mayTake) {
    return onThread(() -> take(key, holder, mayTake)).compose(this::stored);
  }

  @Override
  public Future<Void> release(String key) {
    return onThread(() -> change(key, null)).compose(this::stored).mapEmpty();
  }

  @Override
  public Optional<String> refusal() {
    return refusal.get();
  }

  private record Taken(boolean held, Envelope written) {}

  private Taken take(String key, String holder, Predicate<Lease> mayTake) {
    Optional<Lease> current =
        current(key, leaseStore.get(key)).filter(e -> !e.tombstone()).map(ReplicatedLeases::lease);
    if (current.isPresent() && current.get().holder().equals(holder)) {
      return new Taken(true, null);
    }
    if (current.isPresent() && !mayTake.test(current.get())) {
      return new Taken(false, null);
    }
    return change(key, Json.write(new Body(holder)));
  }

  private Taken change(String key, String body) {
    checkAllowed();
    String there = leaseStore.get(key);
    Optional<Envelope> current = current(key, there);
    if (body == null && current.map(Envelope::tombstone).orElse(true)) {
      return new Taken(false, null);
    }
    Envelope next = context.sign(name, key, 0, current.map(Envelope::counter).orElse(0L) + 1, body);
    if (!leaseStore.replace(key, there, text(next))) {
      return new Taken(false, null);
    }
    known.merge(key, next, (a, b) -> wins(b, a) ? b : a);
    changed(key);
    return new Taken(known.get(key).equals(next), next);
  }

  private void checkAllowed() {
    refusal
        .get()
        .ifPresent(
            why -> {
              throw Fault.UNAVAILABLE.because(why);
            });
  }

  /** What an outpost's home looks up for it; null for nothing. */
  String look(String key) {
    return leaseStore.get(key);
  }

  /** Replaces a lease for an outpost, which has signed the new one. */
  boolean replace(String key, String seen, String json) {
    checkAllowed();
    boolean replaced = leaseStore.replace(key, seen, json);
    if (replaced) {
      onEntry(key, json);
    }
    return replaced;
  }

  /** The best of what the cluster's map has and what this node knows. */
  private Optional<Envelope> current(String key, String there) {
    if (there != null) {
      onEntry(key, there);
    }
    return Optional.ofNullable(known.get(key));
  }

  private Future<Boolean> stored(Taken taken) {
    return taken.written == null
        ? Future.succeededFuture(taken.held)
        : keep(taken.written).map(taken.held);
  }

  private Future<Taken> onThread(Callable<Taken> work) {
    return context
        .thread()
        .call(
            () -> {
              try {
                return work.call();
              } catch (SplitBrainProtectionException e) {
                throw Fault.UNAVAILABLE.because("too few members for a lease", e);
              }
            });
  }

  private static Lease lease(Envelope e) {
    return new Lease(e.key(), Json.read(e.body(), Body.class).holder(), e.node(), e.counter());
  }

  /** A member's lease is written by that member; any may free one and hold one for an outsider. */
  @Override
  boolean mayWrite(Envelope envelope) {
    if (envelope.tombstone()) {
      return true;
    }
    String holder;
    try {
      holder = Json.read(envelope.body(), Body.class).holder();
    } catch (WeftException notALease) {
      return false;
    }
    return holder != null && (holder.equals(envelope.node()) || holder.startsWith(OUTSIDER));
  }

  @Override
  boolean replaces(Envelope next, Envelope old) {
    return old == null || wins(next, old);
  }

  /**
   * The higher counter, then a holder before none, then the lower node id: never the clock, which
   * orders only what one node signed twice.
   */
  static boolean wins(Envelope a, Envelope b) {
    if (a.counter() != b.counter()) {
      return a.counter() > b.counter();
    }
    if (a.tombstone() != b.tombstone()) {
      return b.tombstone();
    }
    return a.node().equals(b.node()) ? a.at() > b.at() : a.node().compareTo(b.node()) < 0;
  }
}

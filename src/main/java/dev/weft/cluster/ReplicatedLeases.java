package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Leases as signed records, remembered by every member. Who holds what is decided by the {@link
 * Electorate}; the records show it to outposts, which have no votes, and to members of before.
 */
final class ReplicatedLeases extends ReplicatedCommonTable implements Leases {
  private record Body(String holder) {}

  private final Promise<Void> ready = Promise.promise();
  private final LeaseStore leaseStore;
  private final Supplier<Optional<String>> refusal;
  private final Optional<LeaseRegister> register;

  /**
   * @param refusal why no lease can be given now
   * @param register where it is decided who holds what; empty on an outpost, whose home asks there
   */
  ReplicatedLeases(
      String name,
      LeaseStore tableStore,
      TableContext context,
      Supplier<Optional<String>> refusal,
      Optional<LeaseRegister> register) {
    super(name, tableStore, context);
    this.leaseStore = tableStore;
    this.refusal = refusal;
    this.register = register;
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
    return decided().map(this::leases).orElseGet(this::shown);
  }

  private Optional<Map<String, String>> decided() {
    return register.flatMap(LeaseRegister::holders);
  }

  /** Null for nobody, or if nothing is known to be decided. */
  private String decidedHolder(String key) {
    return decided().map(all -> all.get(key)).orElse(null);
  }

  private List<Lease> leases(Map<String, String> holders) {
    List<Lease> leases = new ArrayList<>();
    holders.forEach(
        (key, holder) -> {
          Lease record = record(key).filter(r -> r.holder().equals(holder)).orElse(null);
          leases.add(record == null ? new Lease(key, holder, holder, 0) : record);
        });
    return leases;
  }

  private Optional<Lease> record(String key) {
    return Optional.ofNullable(known.get(key))
        .filter(e -> !e.tombstone())
        .map(ReplicatedLeases::lease);
  }

  /** What the records show. */
  List<Lease> shown() {
    return known.values().stream()
        .filter(e -> !e.tombstone())
        .map(ReplicatedLeases::lease)
        .sorted(Comparator.comparing(Lease::key))
        .toList();
  }

  @Override
  public Future<Boolean> claim(String key, String holder, Predicate<Lease> mayTake) {
    if (register.isEmpty()) {
      return onThread(() -> take(key, holder, mayTake)).compose(this::stored);
    }
    Optional<Lease> now = find(key);
    if (now.filter(lease -> lease.holder().equals(holder)).isPresent() && decided().isPresent()) {
      return show(key, holder).map(true);
    }
    if (now.filter(lease -> !lease.holder().equals(holder) && !mayTake.test(lease)).isPresent()) {
      return Future.succeededFuture(false);
    }
    return register
        .get()
        .decide(key, holder, decidedHolder(key))
        .compose(won -> won ? show(key, holder).map(true) : Future.succeededFuture(false));
  }

  private Optional<Lease> find(String key) {
    return all().stream().filter(lease -> lease.key().equals(key)).findFirst();
  }

  @Override
  public Future<Void> release(String key) {
    if (register.isEmpty()) {
      return onThread(() -> change(key, null)).compose(this::stored).mapEmpty();
    }
    String from = find(key).map(Lease::holder).orElse(null);
    return from == null
        ? Future.succeededFuture()
        : register.get().decide(key, null, from).compose(v -> show(key, null));
  }

  @Override
  public Optional<String> refusal() {
    return refusal.get();
  }

  /** Writes a record of what is decided, unless there is one. */
  private Future<Void> show(String key, String holder) {
    return onThread(
            () -> {
              Optional<Envelope> there = current(key, leaseStore.get(key));
              String shows =
                  there.filter(e -> !e.tombstone()).map(e -> lease(e).holder()).orElse(null);
              boolean right = Objects.equals(shows, holder);
              return right || !decidedAs(key, holder)
                  ? new Taken(true, null)
                  : write(key, holder == null ? null : Json.write(new Body(holder)));
            })
        .compose(this::stored)
        .mapEmpty();
  }

  private boolean decidedAs(String key, String holder) {
    return decided().filter(all -> Objects.equals(all.get(key), holder)).isPresent();
  }

  /** Shows what is decided of this node where a record is missing, after a crash or a merge. */
  void showDecided() {
    decided()
        .ifPresent(
            all ->
                all.forEach(
                    (key, holder) -> {
                      boolean shown =
                          record(key).filter(r -> r.holder().equals(holder)).isPresent();
                      if (holder.equals(context.self()) && !shown) {
                        var unused = show(key, holder);
                      }
                    }));
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
    return write(key, body);
  }

  private Taken write(String key, String body) {
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

  /**
   * Replaces a lease for an outpost, which has signed the new one.
   *
   * @param next what {@code json} says
   */
  Future<Boolean> replace(String key, String seen, String json, Envelope next) {
    checkAllowed();
    String there = leaseStore.get(key);
    if (!Objects.equals(there, seen)) {
      return Future.succeededFuture(false);
    }
    String holder = next.tombstone() ? null : lease(next).holder();
    String from = decidedHolder(key);
    boolean takes = from != null && !from.equals(holder);
    if (takes && !from.equals(record(key).map(Lease::holder).orElse(null))) {
      // The outpost has seen another holder than the one whose name it would take.
      return Future.succeededFuture(false);
    }
    Future<Boolean> decided =
        register.isEmpty() || (decided().isPresent() && Objects.equals(from, holder))
            ? Future.succeededFuture(true)
            : register.get().decide(key, holder, from);
    return decided.compose(
        won ->
            won
                ? context.thread().call(() -> put(key, seen, json))
                : Future.succeededFuture(false));
  }

  private boolean put(String key, String seen, String json) {
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
    return context.thread().call(work);
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

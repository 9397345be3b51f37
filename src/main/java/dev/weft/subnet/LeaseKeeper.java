package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.Reason;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Leases;
import dev.weft.cluster.Leases.Lease;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's lease: claims one, keeps it over restarts, finds it again after an absence, and
 * notices if another node has it. For the room's event loop.
 */
final class LeaseKeeper {
  private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);

  static final String TABLE = "subnet";
  private static final String KEY = "own";

  private record Own(String subnet) {}

  private final Cluster cluster;
  private final Leases leases;
  private final Store store;
  private final SubnetRange range;
  private final Absences absences;
  private final Supplier<Optional<String>> dispute;

  /** Nodes that are gone for good: their parts are freed, also those that show up later. */
  private final Set<String> gone = new HashSet<>();

  private Cidr subnet;
  private boolean held;

  /**
   * @param dispute why no part of this node's range is taken, since members differ about it
   */
  LeaseKeeper(
      Cluster cluster,
      Leases leases,
      Store store,
      SubnetRange range,
      Absences absences,
      Supplier<Optional<String>> dispute) {
    this.dispute = dispute;
    this.cluster = cluster;
    this.leases = leases;
    this.store = store;
    this.range = range;
    this.absences = absences;
  }

  /** Reads the subnet that this node had before. */
  Future<Void> load() {
    return store
        .get(TABLE, KEY)
        .map(
            json -> {
              json.map(text -> Json.read(text, Own.class))
                  .ifPresent(own -> subnet = Cidr.parse(own.subnet()));
              held = subnet != null;
              return null;
            });
  }

  /** The subnet from which this node's pods get their addresses. */
  Optional<Cidr> subnet() {
    return Optional.ofNullable(subnet);
  }

  /** Why another node may have the subnet by now without this one's knowing; empty if none can. */
  Optional<String> doubt() {
    return subnet != null && absences.isUnsure() ? leases.refusal() : Optional.empty();
  }

  /** Whether this node holds the subnet's lease; if not, it gives no addresses of it any more. */
  boolean held() {
    return held;
  }

  /**
   * Claims a lease, renews the claim, or notices that another node has it; before, frees those of
   * nodes that are gone for good.
   *
   * @param used addresses in use: while there are any, the subnet stays the same
   * @return a failure that gives the reason if there is no lease
   */
  Future<Void> settle(int used) {
    if (leases.refusal().isPresent()) {
      // A majority elsewhere may have them: only what it sees as well counts.
      absences.observeNothing();
    } else {
      absences.observe(leases.all());
    }
    return freeGone().transform(done -> settleOwn(used));
  }

  private Future<Void> freeGone() {
    return leases.refusal().isPresent()
        ? Future.succeededFuture()
        : releaseAll(all().stream().filter(lease -> gone.contains(lease.holder())).toList())
            .onFailure(e -> log.info("not freed yet: parts of {}: {}", gone, Reason.of(e)));
  }

  private Future<Void> settleOwn(int used) {
    if (subnet != null) {
      Optional<Lease> lease = find(subnet.toString());
      boolean fits = range.cidr().contains(subnet) && subnet.prefixLength() == range.prefix();
      boolean another = lease.filter(l -> !l.holder().equals(cluster.self())).isPresent();
      if (!fits || another || (overlapping(subnet).isPresent() && dispute.get().isPresent())) {
        held = false;
        return used == 0 ? adoptOrClaim() : Future.succeededFuture();
      }
      if (lease.isPresent()) {
        held = true;
        return freeOthers();
      }
      // Held once the claim is decided: meanwhile it may be given to another node.
      return leases
          .ready()
          .compose(v -> claim(subnet, other -> false))
          .onComplete(claimed -> held = claimed.succeeded() && claimed.result())
          .mapEmpty();
    }
    return adoptOrClaim();
  }

  /** Takes the given subnet in place of the present one. */
  Future<Void> change(Cidr wanted) {
    if (wanted.equals(subnet) && held) {
      return Future.succeededFuture();
    }
    checkUndisputed();
    overlapping(wanted)
        .ifPresent(
            lease -> {
              throw Fault.CONFLICT.because(
                  "subnet: %s overlaps %s of node %s (expected: a free one)"
                      .formatted(wanted, lease.key(), nameOf(lease.holder())));
            });
    return claim(wanted, other -> false)
        .compose(
            taken -> {
              if (!taken) {
                String holder = find(wanted.toString()).map(l -> nameOf(l.holder())).orElse("?");
                throw Fault.CONFLICT.because(
                    "subnet: " + wanted + " belongs to node " + holder + " (expected: a free one)");
              }
              return use(wanted);
            })
        .compose(v -> freeOthers());
  }

  /** Whether a holder has a lease. */
  boolean holds(String holder) {
    return !held(holder).isEmpty();
  }

  /** Frees the leases of a node that is no member any more. */
  Future<Void> free(String holder) {
    if (cluster.member(holder).isPresent()) {
      throw Fault.CONFLICT.because(
          "node: "
              + nameOf(holder)
              + " is a member and keeps its subnet (expected: one that left)");
    }
    return releaseAll(held(holder));
  }

  /** A node is gone for good, unless it joins. */
  void forget(String node) {
    gone.add(node);
  }

  void joined(String node) {
    gone.remove(node);
  }

  /** The subnet of a host that is no member; the first of two that simultaneous calls claimed. */
  Future<Cidr> lease(String outsider) {
    List<Lease> held = held(outsider);
    return held.isEmpty()
        ? claimNext(outsider)
        : releaseAll(held.subList(1, held.size())).map(Cidr.parse(held.get(0).key()));
  }

  List<Lease> all() {
    return leases.all();
  }

  Optional<Lease> find(String key) {
    return leases.all().stream().filter(lease -> lease.key().equals(key)).findFirst();
  }

  String nameOf(String holder) {
    return cluster.name(holder);
  }

  Optional<String> refusal() {
    return dispute.get().or(leases::refusal);
  }

  private Future<Void> adoptOrClaim() {
    // Before the leases are known, what is this node's looks as if nobody had it.
    return leases.ready().compose(v -> adoptOrClaimKnown());
  }

  private Future<Void> adoptOrClaimKnown() {
    Optional<Cidr> before =
        held(cluster.self()).stream()
            .map(lease -> Cidr.parse(lease.key()))
            .filter(cidr -> range.cidr().contains(cidr) && cidr.prefixLength() == range.prefix())
            .findFirst();
    Future<Cidr> found =
        before.isPresent() ? Future.succeededFuture(before.get()) : claimNext(cluster.self());
    return found.compose(this::use).compose(v -> freeOthers());
  }

  private Future<Cidr> claimNext(String holder) {
    checkUndisputed();
    Map<String, Lease> taken = new HashMap<>();
    leases.all().forEach(lease -> taken.put(lease.key(), lease));
    List<Cidr> others = ofOtherLength();
    for (int i = 0; i < range.size(); i++) {
      Cidr part = range.part(i);
      if (!taken.containsKey(part.toString()) && others.stream().noneMatch(part::overlaps)) {
        return claimOrNext(part, holder, other -> false);
      }
    }
    for (int i = 0; i < range.size(); i++) {
      Cidr part = range.part(i);
      if (absences.isAbandoned(taken.get(part.toString()))) {
        return claimOrNext(part, holder, absences::isAbandoned);
      }
    }
    return Future.failedFuture(
        Fault.EXHAUSTED.because(
            "subnets: all "
                + range.size()
                + " of "
                + range.cidr()
                + " are leased (expected: a free one; weft subnets release frees that of a node"
                + " that is gone)"));
  }

  private Future<Cidr> claimOrNext(Cidr part, String holder, Predicate<Lease> mayTake) {
    return leases
        .claim(part.toString(), holder, mayTake)
        // Another node claimed it first: its lease is known here by now.
        .compose(won -> won ? Future.succeededFuture(part) : claimNext(holder));
  }

  private Future<Boolean> claim(Cidr part, Predicate<Lease> mayTake) {
    return leases.claim(part.toString(), cluster.self(), mayTake);
  }

  private Future<Void> use(Cidr now) {
    return store
        .put(TABLE, KEY, Json.write(new Own(now.toString())))
        .onSuccess(
            v -> {
              subnet = now;
              held = true;
            });
  }

  /** A node has one subnet: frees others that it holds after a merge or a change. */
  private Future<Void> freeOthers() {
    String own = subnet.toString();
    return releaseAll(
        held(cluster.self()).stream().filter(lease -> !lease.key().equals(own)).toList());
  }

  private void checkUndisputed() {
    dispute
        .get()
        .ifPresent(
            why -> {
              throw Fault.UNAVAILABLE.because(why);
            });
  }

  /** Leases from when a member had another {@code subnets.prefix}. */
  private List<Cidr> ofOtherLength() {
    return leases.all().stream()
        .flatMap(lease -> Cidr.find(lease.key()).stream())
        .filter(cidr -> cidr.prefixLength() != range.prefix())
        .toList();
  }

  /** A lease of another holder that shares addresses with a part, and is not of the part itself. */
  private Optional<Lease> overlapping(Cidr part) {
    return leases.all().stream()
        .filter(lease -> !lease.key().equals(part.toString()))
        .filter(lease -> !lease.holder().equals(cluster.self()))
        .filter(lease -> Cidr.find(lease.key()).filter(part::overlaps).isPresent())
        .findFirst();
  }

  private List<Lease> held(String holder) {
    return leases.all().stream().filter(lease -> lease.holder().equals(holder)).toList();
  }

  private Future<Void> releaseAll(List<Lease> some) {
    return Future.join(some.stream().map(lease -> leases.release(lease.key())).toList()).mapEmpty();
  }
}

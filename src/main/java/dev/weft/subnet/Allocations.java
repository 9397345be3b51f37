package dev.weft.subnet;

import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.pod.PodRef;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Which pod has which address; on disk before a caller knows. For the room's event loop. */
final class Allocations {
  static final String AUTO = "auto";

  private static final String TABLE = "subnet-addresses";

  /**
   * @param address null while there is no subnet to take it from
   * @param attached whether the pod gets an interface with the address
   * @param wanted what was asked for: auto, or an address
   */
  record Allocation(PodRef pod, String address, boolean attached, String wanted) {
    boolean waits() {
      return address == null;
    }

    InetAddress inet() {
      return IpAddress.parse(address);
    }
  }

  private final Store store;
  private final Map<PodRef, Allocation> byPod = new TreeMap<>();

  /** Writes that the disk does not have yet: the pod's next call waits for the one before. */
  private final Map<PodRef, Future<?>> pending = new HashMap<>();

  /** Why a pod that waits for an address did not get it in the last pass. */
  private final Map<PodRef, String> refused = new HashMap<>();

  /** Addresses that pods of other nodes have. */
  private Set<InetAddress> reserved = Set.of();

  Allocations(Store store) {
    this.store = store;
  }

  Future<Void> load() {
    return store
        .all(TABLE)
        .map(
            rows -> {
              rows.values().stream()
                  .map(json -> Json.read(json, Allocation.class))
                  .forEach(a -> byPod.put(a.pod(), a));
              return null;
            });
  }

  /** Gives a pod an address; a pod that has one keeps it. */
  Future<Allocation> allocate(AddressPool pool, PodRef pod, String wanted, boolean attached) {
    if (pending.containsKey(pod)) {
      return pending.get(pod).transform(done -> allocate(pool, pod, wanted, attached));
    }
    InetAddress address = choose(pool, pod, wanted);
    Optional<Allocation> old = of(pod).filter(a -> !a.waits());
    return old.filter(a -> a.attached() || !attached).isPresent()
        ? Future.succeededFuture(old.get())
        : keep(new Allocation(pod, IpAddress.format(address), attached, wanted));
  }

  /** Fails as {@link #allocate} would, and changes nothing. */
  Future<Void> check(AddressPool pool, PodRef pod, String wanted) {
    if (pending.containsKey(pod)) {
      return pending.get(pod).transform(done -> check(pool, pod, wanted));
    }
    InetAddress unused = choose(pool, pod, wanted);
    return Future.succeededFuture();
  }

  /** The address that the pod has, or else can have. */
  private InetAddress choose(AddressPool pool, PodRef pod, String wanted) {
    Allocation old = of(pod).filter(a -> !a.waits()).orElse(null);
    boolean auto = wanted.equals(AUTO);
    InetAddress chosen = auto ? null : pool.check(wanted);
    if (old != null && (auto || chosen.equals(old.inet()))) {
      return old.inet();
    }
    if (old != null) {
      throw Fault.CONFLICT.because(
          "address: %s (expected: auto or %s, which pod %s has; release it first)"
              .formatted(wanted, old.address(), pod));
    }
    Set<InetAddress> used = used();
    used.addAll(reserved);
    if (chosen != null && used.contains(chosen)) {
      throw Fault.CONFLICT.because("address: " + wanted + " is in use (expected: a free one)");
    }
    return chosen != null
        ? chosen
        : pool.lowest(used)
            .orElseThrow(
                () ->
                    Fault.EXHAUSTED.because(
                        ("addresses: all %s of %s are in use (expected: a free one; weft"
                                + " address release gives one back)")
                            .formatted(pool.capacity(), pool.subnet())));
  }

  /** Notes a pod that gets its address, and an interface with it, once there is a subnet. */
  Future<Allocation> await(PodRef pod, String wanted) {
    if (pending.containsKey(pod)) {
      return pending.get(pod).transform(done -> await(pod, wanted));
    }
    Allocation waiting = new Allocation(pod, null, true, wanted);
    Optional<Allocation> old = of(pod);
    return old.filter(a -> !a.waits() || a.equals(waiting)).isPresent()
        ? Future.succeededFuture(old.get())
        : keep(waiting);
  }

  /** Gives those that wait their addresses; one that cannot have its own stops no other. */
  Future<Void> settle(AddressPool pool) {
    refused.clear();
    List<Future<Void>> given = new ArrayList<>();
    for (Allocation waiting : all().stream().filter(Allocation::waits).toList()) {
      PodRef pod = waiting.pod();
      given.add(
          Future.<Void>succeededFuture()
              .compose(v -> allocate(pool, pod, waiting.wanted(), true))
              .onFailure(e -> refused.put(pod, WeftException.of(e).getMessage()))
              .<Void>mapEmpty()
              .otherwiseEmpty());
    }
    return Future.join(given).mapEmpty();
  }

  /** Why the pod waits, if it was refused an address. */
  Optional<String> refusal(PodRef pod) {
    return Optional.ofNullable(refused.get(pod));
  }

  Future<Void> release(PodRef pod) {
    if (pending.containsKey(pod)) {
      return pending.get(pod).transform(done -> release(pod));
    }
    // The address stays in use until the disk has forgotten it: a deletion may fail.
    return byPod.containsKey(pod)
        ? pend(
            pod,
            store.delete(TABLE, pod.toString()).<Void>mapEmpty().onSuccess(v -> byPod.remove(pod)))
        : Future.succeededFuture();
  }

  List<Allocation> all() {
    return List.copyOf(byPod.values());
  }

  Optional<Allocation> of(PodRef pod) {
    return Optional.ofNullable(byPod.get(pod));
  }

  /** How many addresses are in use. */
  int size() {
    return (int) byPod.values().stream().filter(a -> !a.waits()).count();
  }

  /** Gives none of these from now on. */
  void reserve(Set<InetAddress> addresses) {
    reserved = addresses;
  }

  /** The addresses of this node's pods. */
  Set<InetAddress> used() {
    Set<InetAddress> used = new HashSet<>();
    byPod.values().stream().filter(a -> !a.waits()).forEach(a -> used.add(a.inet()));
    return used;
  }

  private Future<Allocation> keep(Allocation allocation) {
    PodRef pod = allocation.pod();
    // In use at once, so that no other pod gets the address while the disk works.
    Allocation old = byPod.put(pod, allocation);
    return pend(
        pod,
        store
            .put(TABLE, pod.toString(), Json.write(allocation))
            .map(allocation)
            // A null from the function removes the entry.
            .onFailure(e -> byPod.compute(pod, (p, failed) -> old)));
  }

  private <T> Future<T> pend(PodRef pod, Future<T> write) {
    Future<T> written = write.onComplete(done -> pending.remove(pod));
    if (!written.isComplete()) {
      pending.put(pod, written);
    }
    return written;
  }
}

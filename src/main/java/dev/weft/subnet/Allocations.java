package dev.weft.subnet;

import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Which pod has which address; on disk before a caller knows. For the room's event loop. */
final class Allocations {
  private static final String TABLE = "subnet-addresses";

  /**
   * @param attached whether the pod gets an interface with the address
   */
  record Allocation(PodRef pod, String address, boolean attached) {
    InetAddress inet() {
      return IpAddress.parse(address);
    }
  }

  private final Store store;
  private final Map<PodRef, Allocation> byPod = new TreeMap<>();

  /** Writes that the disk does not have yet: the pod's next call waits for the one before. */
  private final Map<PodRef, Future<?>> pending = new HashMap<>();

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
    Allocation old = byPod.get(pod);
    boolean auto = wanted.equals("auto");
    InetAddress chosen = auto ? null : pool.check(wanted);
    if (old != null && (auto || chosen.equals(old.inet()))) {
      return old.attached() || !attached
          ? Future.succeededFuture(old)
          : keep(new Allocation(pod, old.address(), true));
    }
    if (old != null) {
      throw Fault.CONFLICT.because(
          "address: %s (expected: auto or %s, which pod %s has; release it first)"
              .formatted(wanted, old.address(), pod));
    }
    Set<InetAddress> used = used();
    if (chosen != null && used.contains(chosen)) {
      throw Fault.CONFLICT.because("address: " + wanted + " is in use (expected: a free one)");
    }
    InetAddress address =
        chosen != null
            ? chosen
            : pool.lowest(used)
                .orElseThrow(
                    () ->
                        Fault.EXHAUSTED.because(
                            "addresses: all %s of %s are in use (expected: a free one)"
                                .formatted(pool.capacity(), pool.subnet())));
    return keep(new Allocation(pod, IpAddress.format(address), attached));
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

  Collection<Allocation> all() {
    return byPod.values();
  }

  Optional<Allocation> of(PodRef pod) {
    return Optional.ofNullable(byPod.get(pod));
  }

  int size() {
    return byPod.size();
  }

  private Set<InetAddress> used() {
    Set<InetAddress> used = new HashSet<>();
    byPod.values().forEach(a -> used.add(a.inet()));
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

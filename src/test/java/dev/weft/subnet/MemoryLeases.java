package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.CommonTable;
import dev.weft.cluster.Leases;
import dev.weft.cluster.Member;
import dev.weft.cluster.OwnedTable;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The cluster's leases in memory; the quorum, and what nodes tell of themselves, is what a test
 * says.
 */
final class MemoryLeases implements Leases {
  final SubnetRange range = new SubnetRange(Cidr.parse("10.42.0.0/16"), 24);
  final Set<String> members = new TreeSet<>();
  final List<OwnedTable.Row> rows = new ArrayList<>();
  Optional<String> refusal = Optional.empty();
  Future<Void> ready = Future.succeededFuture();
  private final Map<String, Lease> held = new TreeMap<>();

  void give(String key, String holder) {
    held.put(key, new Lease(key, holder, holder, 2));
  }

  Optional<String> holder(String key) {
    return Optional.ofNullable(held.get(key)).map(Lease::holder);
  }

  Cluster seenBy(String node) {
    members.add(node);
    return new MemoryCluster(node);
  }

  @Override
  public Future<Void> ready() {
    return ready;
  }

  @Override
  public List<Lease> all() {
    return List.copyOf(held.values());
  }

  @Override
  public Future<Boolean> claim(String key, String holder, Predicate<Lease> mayTake) {
    Lease there = held.get(key);
    if (there != null && there.holder().equals(holder)) {
      return Future.succeededFuture(true);
    }
    if (there != null && !mayTake.test(there)) {
      return Future.succeededFuture(false);
    }
    if (refusal.isPresent()) {
      return Future.failedFuture(Fault.UNAVAILABLE.because(refusal.get()));
    }
    held.put(key, new Lease(key, holder, holder, there == null ? 1 : there.counter() + 1));
    return Future.succeededFuture(true);
  }

  @Override
  public Future<Void> release(String key) {
    if (refusal.isPresent()) {
      return Future.failedFuture(Fault.UNAVAILABLE.because(refusal.get()));
    }
    held.remove(key);
    return Future.succeededFuture();
  }

  @Override
  public Optional<String> refusal() {
    return refusal;
  }

  @Override
  public void onChange(Runnable listener) {
    throw new UnsupportedOperationException("nothing listens in these tests");
  }

  private final class Told implements OwnedTable {
    @Override
    public Future<Void> put(String key, String json) {
      throw new UnsupportedOperationException("a test says what nodes tell");
    }

    @Override
    public Future<Void> remove(String key) {
      throw new UnsupportedOperationException("a test says what nodes tell");
    }

    @Override
    public List<Row> rows() {
      return List.copyOf(rows);
    }

    @Override
    public void onChange(Runnable listener) {
      throw new UnsupportedOperationException("nothing listens in these tests");
    }
  }

  private final class MemoryCluster implements Cluster {
    private final String self;

    MemoryCluster(String self) {
      this.self = self;
    }

    @Override
    public String self() {
      return self;
    }

    @Override
    public List<Member> members() {
      return members.stream().map(MemoryCluster::named).toList();
    }

    @Override
    public Optional<Member> member(String id) {
      return members.contains(id) ? Optional.of(named(id)) : Optional.empty();
    }

    private static Member named(String id) {
      return new Member(id, id, "0", null, null, null, 1, 0);
    }

    @Override
    public OwnedTable owned(String name) {
      return new Told();
    }

    @Override
    public CommonTable common(String name) {
      throw new UnsupportedOperationException("leases need no table");
    }
  }
}

package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.nsm.ConnectionChanged;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.Endpoint;
import dev.weft.pod.PodRef;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** The connections that this node has an end of, on disk and in memory, and their addresses. */
public final class Connections {
  private static final String TABLE = "connections";

  /** A client's request: what makes the same again the same. */
  public record Key(PodRef pod, String requestId, String service) {
    static Key of(Connection c) {
      return new Key(c.client().pod(), c.requestId(), c.service());
    }
  }

  private final Store store;
  private final Bus bus;
  private final String self;
  private final Clock clock;
  private final ConnectionAddresses pool;
  private final Map<String, ConnectionEntry> byId = new TreeMap<>();
  private final Map<Key, ConnectionEntry> byKey = new HashMap<>();

  /** Names in use in the namespaces of clients, by the namespace's identity. */
  private final Map<Long, Set<String>> names = new HashMap<>();

  private final Map<PodRef, Integer> counts = new HashMap<>();
  private final Map<Connection.Target, Integer> loads = new HashMap<>();

  /** Which connection has a prefix in a namespace. */
  private final Map<Placed, String> placed = new HashMap<>();

  private record Placed(long identity, String prefix) {}

  public Connections(Store store, Bus bus, String self, Clock clock, ConnectionAddresses pool) {
    this.store = store;
    this.bus = bus;
    this.self = self;
    this.clock = clock;
    this.pool = pool;
  }

  /**
   * Reads them from disk.
   *
   * @param identities looks up the namespaces of those that an older node kept without an identity
   */
  public Future<Void> load(Function<Set<String>, Future<Map<String, Long>>> identities) {
    return store
        .all(TABLE)
        .compose(
            rows -> {
              List<Connection> kept =
                  rows.values().stream().map(json -> Json.read(json, Connection.class)).toList();
              Set<String> unknown = new HashSet<>();
              kept.forEach(c -> unknown.addAll(c.unidentified()));
              return (unknown.isEmpty()
                      ? Future.succeededFuture(Map.<String, Long>of())
                      : identities.apply(unknown))
                  .map(found -> kept.stream().map(c -> c.identified(found)).toList());
            })
        .map(
            kept -> {
              for (Connection c : kept) {
                pool.use(c.prefix());
                enter(new ConnectionEntry(c, ConnectionState.UP, clock.instant()));
              }
              return null;
            });
  }

  public Collection<ConnectionEntry> all() {
    return byId.values();
  }

  /** A copy, for loops that change the table. */
  public List<ConnectionEntry> where(Predicate<Connection> filter) {
    return byId.values().stream().filter(h -> filter.test(h.connection())).toList();
  }

  public Optional<ConnectionEntry> find(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  public ConnectionEntry require(String id) {
    return find(id)
        .orElseThrow(() -> Fault.NOT_FOUND.because("connection " + id + ": no end on this node"));
  }

  public Optional<ConnectionEntry> find(Key key) {
    return Optional.ofNullable(byKey.get(key));
  }

  public boolean holds(ConnectionEntry held) {
    return byId.get(held.connection().id()) == held;
  }

  public int size() {
    return byId.size();
  }

  /** How many clients' ends a pod has. */
  public int countOf(PodRef pod) {
    return counts.getOrDefault(pod, 0);
  }

  /** Connections to an endpoint that this node knows of. */
  public int loadOf(Endpoint endpoint) {
    return loads.getOrDefault(loadKey(endpoint), 0);
  }

  public boolean nameTaken(long identity, String name) {
    return names.getOrDefault(identity, Set.of()).contains(name);
  }

  public void reserveName(long identity, String name) {
    names.computeIfAbsent(identity, i -> new HashSet<>()).add(name);
  }

  public void releaseName(long identity, String name) {
    names.computeIfPresent(
        identity,
        (i, taken) -> {
          taken.remove(name);
          return taken.isEmpty() ? null : taken;
        });
  }

  /** Whether another connection of this node has that prefix in that namespace. */
  public boolean usesIn(long identity, Cidr prefix, String exceptId) {
    String user = placed.get(new Placed(identity, prefix.toString()));
    return user != null && !user.equals(exceptId);
  }

  /** Accepts it; done once it is on disk. Its addresses and name are already its own. */
  public Future<ConnectionEntry> add(Connection c, ConnectionState state) {
    ConnectionEntry held = new ConnectionEntry(c, state, clock.instant());
    enter(held);
    return store.put(TABLE, c.id(), Json.write(c)).map(held).onFailure(e -> drop(held));
  }

  /** Another endpoint or carrier for the same connection. */
  public Future<Void> change(ConnectionEntry held, Connection next) {
    unplace(held.connection());
    held.becomes(next);
    place(next);
    return store.put(TABLE, next.id(), Json.write(next));
  }

  /** Forgets one that never stood; its addresses and name remain its draft's. */
  public Future<Void> forget(ConnectionEntry held) {
    drop(held);
    return store.delete(TABLE, held.connection().id()).mapEmpty();
  }

  /** Forgets it, on disk too, and says so; its addresses and name are free again. */
  public Future<Void> remove(ConnectionEntry held, String reason) {
    if (!holds(held)) {
      return Future.succeededFuture();
    }
    Connection c = held.connection();
    drop(held);
    pool.release(c.prefix());
    releaseName(c.client().identity(), c.client().intf());
    bus.publish(new ConnectionChanged(c.id(), c.toString(), provider(c), null, reason));
    return store.delete(TABLE, c.id()).mapEmpty();
  }

  public void state(ConnectionEntry held, ConnectionState state, String reason) {
    if (held.enter(state, reason, clock.instant()) && holds(held)) {
      Connection c = held.connection();
      bus.publish(new ConnectionChanged(c.id(), c.toString(), provider(c), state, reason));
    }
  }

  private static String provider(Connection c) {
    return c.endpoint().provider();
  }

  private void enter(ConnectionEntry held) {
    Connection c = held.connection();
    byId.put(c.id(), held);
    if (c.clientAt(self)) {
      byKey.put(Key.of(c), held);
      count(c.client().pod(), 1);
      reserveName(c.client().identity(), c.client().intf());
    }
    place(c);
  }

  private void drop(ConnectionEntry held) {
    Connection c = held.connection();
    byId.remove(c.id(), held);
    byKey.remove(Key.of(c), held);
    if (c.clientAt(self)) {
      count(c.client().pod(), -1);
    }
    unplace(c);
  }

  private void place(Connection c) {
    count(c, 1);
    if (c.clientAt(self)) {
      placed.put(new Placed(c.client().identity(), c.link().prefix()), c.id());
    }
    if (c.endpointAt(self)) {
      placed.put(new Placed(c.endpoint().identity(), c.link().prefix()), c.id());
    }
  }

  private void unplace(Connection c) {
    count(c, -1);
    placed.remove(new Placed(c.client().identity(), c.link().prefix()), c.id());
    placed.remove(new Placed(c.endpoint().identity(), c.link().prefix()), c.id());
  }

  private void count(Connection c, int by) {
    loads.merge(loadKey(c.endpoint()), by, Connections::sumOrNone);
  }

  private void count(PodRef client, int by) {
    counts.merge(client, by, Connections::sumOrNone);
  }

  private static Integer sumOrNone(int a, int b) {
    return a + b == 0 ? null : a + b;
  }

  private static Connection.Target loadKey(Connection.Target t) {
    return new Connection.Target(t.node(), t.namespace(), t.provider(), null, 0, null, null);
  }

  private static Connection.Target loadKey(Endpoint e) {
    return new Connection.Target(e.node(), e.namespace(), e.provider(), null, 0, null, null);
  }
}

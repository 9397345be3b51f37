package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.nsm.ConnectionChanged;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.UnsetRoute;
import dev.weft.pod.PodRef;
import dev.weft.room.Backoff;
import dev.weft.room.RoomContext;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections that have an end on this node, on disk and in memory, and what they occupy. */
public final class Connections {
  private static final Logger log = LoggerFactory.getLogger(Connections.class);
  private static final String TABLE = "connections";

  /** The key of a client's request: a request with the same key asks for the same connection. */
  public record Key(PodRef pod, String requestId, String service) {
    static Key of(Connection c) {
      boolean later = c.hop() != null && !c.hop().isFirst();
      return new Key(c.client().pod(), later ? c.hop().root() : c.requestId(), c.askedFor());
    }
  }

  private final RoomContext room;
  private final String self;
  private final ConnectionAddresses pool;
  private final RandomGenerator random = new SecureRandom();
  private final Map<String, ConnectionEntry> byId = new TreeMap<>();
  private final Map<String, ConnectionEntry> byWire = new HashMap<>();
  private final Map<Key, ConnectionEntry> byKey = new HashMap<>();

  /** Names in use in the namespaces of clients, by the namespace's identity. */
  private final Map<Long, Set<String>> names = new HashMap<>();

  private final Map<PodRef, Integer> counts = new HashMap<>();
  private final Map<PodRef, Integer> beingMade = new HashMap<>();
  private final Map<Provider, Integer> loads = new HashMap<>();

  /** Which connection has a prefix in a namespace. */
  private final Map<Placed, String> placed = new HashMap<>();

  private BiConsumer<ConnectionLife, ConnectionLife> listener = (before, next) -> {};
  private final List<Consumer<ConnectionEntry>> followers = new ArrayList<>();
  private Consumer<ConnectionEntry> ofChains = entry -> {};
  private BiConsumer<ConnectionEntry, ConnectionChanged> news = (entry, change) -> {};

  private record Placed(long identity, String prefix) {}

  private record Provider(String node, String namespace, String name) {}

  public Connections(RoomContext room, ConnectionAddresses pool) {
    this.room = room;
    this.self = room.self();
    this.pool = pool;
  }

  /**
   * Reads the connections from disk.
   *
   * @param identities finds the identities of namespaces, by reference; called for connections that
   *     an older version wrote without identities
   */
  public Future<Void> load(Function<Set<String>, Future<Map<String, Long>>> identities) {
    return room.store()
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
              kept.forEach(c -> enter(c, ConnectionLife.restored(now()), null));
              return null;
            });
  }

  /**
   * Tells the listener what happens to each connection.
   *
   * @param told takes its life before and after
   */
  public void onChange(BiConsumer<ConnectionLife, ConnectionLife> told) {
    listener = told;
  }

  /** Tells the follower of each connection whose life has gone on. */
  public void follow(Consumer<ConnectionEntry> follower) {
    followers.add(follower);
  }

  /** Tells the listener of each client's connection to a chain, any hop of which has changed. */
  public void onChain(Consumer<ConnectionEntry> told) {
    ofChains = told;
  }

  /** Tells the listener what is published of each connection, when it is. */
  public void onNews(BiConsumer<ConnectionEntry, ConnectionChanged> told) {
    news = told;
  }

  /** The blocks of {@code nsm.cidr} and how often each is in use. */
  public ConnectionAddresses addresses() {
    return pool;
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

  /** Lets requests find a connection again after its replacement failed and was removed. */
  public void restoreKey(ConnectionEntry former) {
    if (holds(former)) {
      byKey.putIfAbsent(Key.of(former.connection()), former);
    }
  }

  /** The connection that a wire carries. */
  public Optional<ConnectionEntry> ofWire(String wireId) {
    return Optional.ofNullable(byWire.get(wireId));
  }

  public boolean holds(ConnectionEntry entry) {
    return byId.get(entry.connection().id()) == entry;
  }

  public int size() {
    return byId.size();
  }

  /** Counts a connection that is being made for a pod until {@link #made}; EXHAUSTED beyond. */
  public void making(PodRef pod, int most) {
    int making = beingMade.getOrDefault(pod, 0);
    if (counts.getOrDefault(pod, 0) + making >= most) {
      throw Fault.EXHAUSTED.because("pod " + pod + ": " + most + " connections (expected: fewer)");
    }
    beingMade.put(pod, making + 1);
  }

  /** The connection was entered, or did not come about. */
  public void made(PodRef pod) {
    beingMade.merge(pod, -1, Connections::sumOrNone);
  }

  /** Connections to an endpoint that this node knows of. */
  public int loadOf(Endpoint endpoint) {
    return loads.getOrDefault(
        new Provider(endpoint.node(), endpoint.namespace(), endpoint.provider()), 0);
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

  /**
   * Enters a connection that client and endpoint agreed on, and occupies its addresses and its
   * name; {@link #keep} writes it to disk.
   */
  public ConnectionEntry enter(Connection c) {
    return enter(c, ConnectionLife.agreed(now()), now());
  }

  private ConnectionEntry enter(Connection c, ConnectionLife life, Instant agreed) {
    ConnectionEntry entry = new ConnectionEntry(c, life, new Backoff(random), agreed);
    pool.use(c.prefix());
    byId.put(c.id(), entry);
    if (c.clientAt(self)) {
      byKey.put(Key.of(c), entry);
      count(c.client().pod(), 1);
      reserveName(c.client().identity(), c.client().intf());
    }
    place(entry);
    return entry;
  }

  /** Writes a connection to disk; done once it is there. */
  public Future<Void> keep(ConnectionEntry entry) {
    Connection c = entry.connection();
    return room.store().put(TABLE, c.id(), Json.write(c));
  }

  /**
   * Another endpoint, mechanism or addresses for the same connection; done once that is on disk.
   */
  public Future<Void> change(ConnectionEntry entry, Connection next) {
    pool.use(next.prefix());
    pool.release(entry.connection().prefix());
    unplace(entry.connection());
    entry.moves(next, now());
    place(entry);
    return keep(entry);
  }

  /** Applies an event to a connection's life, and publishes the next state where it is news. */
  public void on(ConnectionEntry entry, BiFunction<ConnectionLife, Instant, ConnectionLife> event) {
    ConnectionLife before = entry.life();
    ConnectionState state = entry.state();
    String reason = entry.reason();
    ConnectionLife next = event.apply(before, now());
    entry.lives(next);
    listener.accept(before, next);
    tellOfChain(entry);
    boolean seen = differs(entry, state, reason);
    // A connection that stands after a restart as it did before is no news; its end is published
    // once its interface is removed.
    boolean news = seen && !next.isOver() && !(before.isUnseen() && next.stands());
    if (news && holds(entry)) {
      publish(entry);
    }
    if (!next.equals(before)) {
      followers.forEach(follower -> follower.accept(entry));
    }
  }

  private void tellOfChain(ConnectionEntry entry) {
    if (entry.isOfChain()) {
      ofChains.accept(entry);
    }
  }

  private static boolean differs(ConnectionEntry entry, ConnectionState state, String reason) {
    return entry.state() != state
        || (state == ConnectionState.HEALING && !Objects.equals(entry.reason(), reason));
  }

  /** What lies behind the first hop of a chain has changed, which is published where it is news. */
  public void onTail(ConnectionEntry entry, ChainTail next) {
    ConnectionState state = entry.state();
    String reason = entry.reason();
    boolean unseen = entry.isTailUnseen();
    entry.leadsTo(next);
    tellOfChain(entry);
    boolean news = differs(entry, state, reason) || entry.isElsewhere();
    if (news && !(unseen && next.up()) && !entry.life().isOver() && holds(entry)) {
      publish(entry);
    }
  }

  /** Another place of a connection in its chain; done once that is on disk. */
  public Future<Void> place(ConnectionEntry entry, ChainHop next) {
    if (next.equals(entry.connection().hop())) {
      return Future.succeededFuture();
    }
    entry.becomes(entry.connection().at(next));
    return keep(entry);
  }

  /**
   * The interface on this node was created and frames cross. Whether they do is not known yet at
   * the endpoint's node of a wire alone: the client's node joins the wire later.
   *
   * @param unset routes of the client's that could not be set
   */
  public void joined(ConnectionEntry entry, List<UnsetRoute> unset) {
    routed(entry, unset);
    Connection c = entry.connection();
    boolean awaited = c.link().carrier() != Mechanism.WIRE || c.clientAt(self);
    on(entry, (life, now) -> (awaited ? life.wayUp(now) : life).joined(now));
  }

  /** Some of the client's routes may not be set, which is kept where it is news. */
  public void routed(ConnectionEntry entry, List<UnsetRoute> unset) {
    if (!entry.connection().client().routing().unset().equals(unset)) {
      entry.becomes(entry.connection().without(unset));
      keep(entry)
          .onFailure(
              e -> log.warn("connection {} not kept: {}", entry.connection().id(), e.getMessage()));
    }
  }

  /** Forgets a connection, on disk too, publishes its end, and frees its addresses and name. */
  public Future<Void> remove(ConnectionEntry entry) {
    if (!holds(entry)) {
      return Future.succeededFuture();
    }
    Connection c = entry.connection();
    byId.remove(c.id());
    byKey.remove(Key.of(c), entry);
    if (c.clientAt(self)) {
      count(c.client().pod(), -1);
      releaseName(c.client().identity(), c.client().intf());
    }
    unplace(c);
    pool.release(c.prefix());
    on(entry, ConnectionLife::ended);
    if (entry.stood()) {
      publish(entry);
    }
    return room.store().delete(TABLE, c.id()).mapEmpty();
  }

  private void publish(ConnectionEntry entry) {
    ConnectionStatus now = entry.status();
    ConnectionChanged change =
        ConnectionChanged.of(now, entry.connection().toString(), entry.movedTo(now));
    news.accept(entry, change);
    room.bus().publish(change);
  }

  private Instant now() {
    return room.clock().instant();
  }

  private void place(ConnectionEntry entry) {
    Connection c = entry.connection();
    count(c, 1);
    if (c.link().carrier() == Mechanism.WIRE) {
      byWire.put(c.wireId(), entry);
    }
    if (c.clientAt(self)) {
      placed.put(new Placed(c.client().identity(), c.link().prefix()), c.id());
    }
    if (c.endpointAt(self)) {
      placed.put(new Placed(c.endpoint().identity(), c.link().prefix()), c.id());
    }
  }

  private void unplace(Connection c) {
    count(c, -1);
    if (c.link().carrier() == Mechanism.WIRE) {
      byWire.remove(c.wireId());
    }
    placed.remove(new Placed(c.client().identity(), c.link().prefix()), c.id());
    placed.remove(new Placed(c.endpoint().identity(), c.link().prefix()), c.id());
  }

  private void count(Connection c, int by) {
    Connection.Target t = c.endpoint();
    loads.merge(new Provider(t.node(), t.namespace(), t.provider()), by, Connections::sumOrNone);
  }

  private void count(PodRef client, int by) {
    counts.merge(client, by, Connections::sumOrNone);
  }

  private static Integer sumOrNone(int a, int b) {
    return a + b == 0 ? null : a + b;
  }
}

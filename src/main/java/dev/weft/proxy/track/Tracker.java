package dev.weft.proxy.track;

import dev.weft.address.HostPort;
import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections of one proxy, by address. On the room's loop. */
public final class Tracker {
  private static final Logger log = LoggerFactory.getLogger(Tracker.class);

  /** Connections at most. */
  static final int MOST = 1000;

  private final String side;
  private final TrackStore store;
  private final Consumer<Fact> facts;
  private final Map<HostPort, Tracked> all = new LinkedHashMap<>();

  /**
   * @param side {@code forward} or {@code reverse}
   */
  public Tracker(String side, TrackStore store, Consumer<Fact> facts) {
    this.side = side;
    this.store = store;
    this.facts = facts;
  }

  /** Adds what is configured, and what was kept. */
  public Future<Void> open(List<WantedConnection> configured) {
    return store
        .all()
        .map(
            kept -> {
              configured.forEach(wanted -> put(wanted, true));
              kept.forEach(this::restore);
              return null;
            });
  }

  private void restore(WantedConnection kept) {
    if (all.containsKey(kept.remote().at())) {
      log.warn(
          "connection {} of the {} proxy that was added: not used, the configuration has it",
          kept.remote().at(),
          side);
    } else {
      put(kept, false);
    }
  }

  private Tracked put(WantedConnection wanted, boolean configured) {
    Tracked tracked = new Tracked(side, wanted, configured, facts);
    all.put(wanted.remote().at(), tracked);
    return tracked;
  }

  /**
   * Adds a connection and keeps that over restarts; the same again is success.
   *
   * @param added told of a new one
   * @return CONFLICT if the address was added otherwise; EXHAUSTED beyond 1000
   */
  public Future<Tracked> add(WantedConnection wanted, Consumer<Tracked> added) {
    HostPort at = wanted.remote().at();
    Tracked there = all.get(at);
    if (there != null) {
      if (!there.wanted().equals(wanted)) {
        throw Fault.CONFLICT.because(
            "connection %s: added with other settings already (expected: the same, or weft proxy remove first)"
                .formatted(at));
      }
      return Future.succeededFuture(there);
    }
    if (all.size() >= MOST) {
      throw Fault.EXHAUSTED.because(
          "connections: %d (expected: at most %d)".formatted(all.size(), MOST));
    }
    // Before it is on disk: the same call again, meanwhile, finds it.
    Tracked tracked = put(wanted, false);
    return store
        .put(wanted)
        .onFailure(e -> all.remove(at, tracked))
        .map(
            v -> {
              facts.accept(
                  new ProxyConnectionAdded(
                      side,
                      at.toString(),
                      wanted.remote().nat() ? "nat" : "direct",
                      wanted.transport()));
              added.accept(tracked);
              return tracked;
            });
  }

  /**
   * Removes a connection that was added; its streams are reset.
   *
   * @return NOT_FOUND for an unknown one; PRECONDITION for one of the configuration
   */
  public Future<Tracked> remove(HostPort at) {
    Tracked tracked = all.get(at);
    if (tracked == null) {
      throw Fault.NOT_FOUND.because("connection " + at + ": not of the " + side + " proxy here");
    }
    if (tracked.configured()) {
      throw Fault.PRECONDITION.because(
          "connection %s is of the configuration (expected: one that was added; change proxy.connections there)"
              .formatted(at));
    }
    return store
        .delete(at)
        .map(
            v -> {
              if (all.remove(at, tracked)) {
                tracked.removed();
              }
              return tracked;
            });
  }

  public Optional<Tracked> find(HostPort at) {
    return Optional.ofNullable(all.get(at));
  }

  /** A connection that leads to this node, one that stands if there is one. */
  public Optional<Tracked> find(NodeId node) {
    List<Tracked> leading = all.values().stream().filter(t -> t.leadsTo(node)).toList();
    return leading.stream()
        .filter(t -> t.state().standing())
        .findFirst()
        .or(() -> leading.stream().findFirst());
  }

  public List<Tracked> all() {
    return List.copyOf(all.values());
  }

  /** An attempt to reach a node has begun. */
  public void trying(HostPort at) {
    find(at).ifPresent(Tracked::trying);
  }

  public void reached(HostPort at, Optional<NodeId> node, String path) {
    find(at).ifPresent(tracked -> tracked.reached(node, path));
  }

  public void lost(HostPort at, String reason) {
    find(at).ifPresent(tracked -> tracked.lost(reason));
  }

  /** The proxy ends: nothing is reached any more, and all streams are reset. */
  public void stopped() {
    all.values().forEach(Tracked::stopped);
  }

  public List<TrackedRow> rows() {
    return all.values().stream().map(Tracked::row).toList();
  }

  /** How many connections are in which state. */
  public Map<String, Long> counts() {
    return all.values().stream()
        .collect(Collectors.groupingBy(t -> t.state().word(), Collectors.counting()));
  }
}

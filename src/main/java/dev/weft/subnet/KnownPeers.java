package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.store.Change;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The members that packets went to, also over a restart. What carries packets is the kernel, here
 * and there: it goes on while a node's process ends or its control traffic is cut. So a member that
 * left stays a peer for as long as its kernel answers over the overlay. For the room's event loop.
 */
final class KnownPeers {
  static final String TABLE = "subnet-peers";

  /** Rounds of the probe without an answer after which no packets are sent to a member. */
  private static final int SILENT_ROUNDS = 3;

  private static final Logger log = LoggerFactory.getLogger(KnownPeers.class);

  /**
   * @param second null if it uses no second range
   * @param wireguard null if VXLAN carries packets there
   */
  private record Known(
      String name,
      String subnet,
      String second,
      Wanted.WireguardOffer wireguard,
      String endpoint,
      int mtu) {}

  private final Store store;
  private final Map<String, Known> known = new TreeMap<>();

  /** Rounds without an answer, of the members that are away. */
  private final Map<String, Integer> silence = new HashMap<>();

  KnownPeers(Store store) {
    this.store = store;
  }

  Future<Void> load() {
    return store
        .all(TABLE)
        .map(
            rows -> {
              rows.forEach((node, json) -> known.put(node, Json.read(json, Known.class)));
              return null;
            });
  }

  /**
   * Adds to the peers those that are away.
   *
   * @param live what members tell now
   * @param keeps whether a peer that is not among them may still be one: it has its lease, and has
   *     not said that it wants no such packets
   */
  List<Wanted.Peer> with(List<Wanted.Peer> live, Predicate<Wanted.Peer> keeps) {
    List<Change> changes = new ArrayList<>();
    Set<String> gone = new HashSet<>(known.keySet());
    for (Wanted.Peer peer : live) {
      silence.remove(peer.node());
      if (peer.carrier() == PacketCarrier.VXLAN || peer.carrier() == PacketCarrier.WIREGUARD) {
        gone.remove(peer.node());
        Known now =
            new Known(
                peer.name(),
                peer.subnet().toString(),
                peer.second().map(Cidr::toString).orElse(null),
                peer.wireguard(),
                IpAddress.format(peer.endpoint()),
                peer.mtu());
        if (!now.equals(known.put(peer.node(), now))) {
          changes.add(new Change.Put(TABLE, peer.node(), Json.write(now)));
        }
      }
    }
    List<Wanted.Peer> all = new ArrayList<>(live);
    Set<String> here = new HashSet<>();
    live.forEach(peer -> here.add(peer.node()));
    for (String node : Set.copyOf(gone)) {
      Wanted.Peer peer = peer(node);
      if (!here.contains(node) && keeps.test(peer)) {
        gone.remove(node);
        int rounds = silence.computeIfAbsent(node, n -> 0);
        all.add(rounds < SILENT_ROUNDS ? peer : peer.by(PacketCarrier.NONE));
      }
    }
    for (String node : gone) {
      known.remove(node);
      silence.remove(node);
      changes.add(new Change.Delete(TABLE, node));
    }
    if (!changes.isEmpty()) {
      store
          .write(changes)
          .onFailure(e -> log.warn("peers not stored: {}", WeftException.of(e).getMessage()));
    }
    return all;
  }

  /** Requests to the members that are away. */
  Set<OverlayProbe.Request> away() {
    Set<OverlayProbe.Request> requests = new HashSet<>();
    silence.keySet().forEach(node -> requests.add(request(node)));
    return requests;
  }

  /**
   * Notes a round of the probe.
   *
   * @return whether another member answers now, or does not any more
   */
  boolean heard(Set<OverlayProbe.Request> answered) {
    boolean changed = false;
    for (Map.Entry<String, Integer> away : silence.entrySet()) {
      int before = away.getValue();
      boolean answers = answered.contains(request(away.getKey()));
      int now = answers ? 0 : Math.min(SILENT_ROUNDS, before + 1);
      away.setValue(now);
      boolean isSilent = now == SILENT_ROUNDS;
      if (isSilent != (before == SILENT_ROUNDS)) {
        changed = true;
        log.info(
            "node {} is away and {} over the overlay",
            known.get(away.getKey()).name(),
            isSilent ? "does not answer" : "answers");
      }
    }
    return changed;
  }

  /** Whether nothing new is known of a member. */
  boolean isAway(String node) {
    return silence.containsKey(node);
  }

  private OverlayProbe.Request request(String node) {
    return new OverlayProbe.Request(peer(node).router(), 0);
  }

  private Wanted.Peer peer(String node) {
    Known its = known.get(node);
    return new Wanted.Peer(
        node,
        its.name(),
        Cidr.parse(its.subnet()),
        Optional.ofNullable(its.second()).map(Cidr::parse),
        its.wireguard() == null ? PacketCarrier.VXLAN : PacketCarrier.WIREGUARD,
        its.wireguard(),
        IpAddress.parse(its.endpoint()),
        its.mtu());
  }
}

package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fact;
import dev.weft.config.SubnetsConfig;
import dev.weft.subnet.tunnel.PodTunnels;
import dev.weft.subnet.tunnel.TunnelPeer;
import dev.weft.subnet.wireguard.WireguardSeen;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** What carries packets to each member now, and the tunnels among it. For the room's event loop. */
final class PeerCarriers {
  /** A tunnel that is down no longer than this is about to come up. */
  private static final Duration SOON = Duration.ofSeconds(15);

  private static final String NO_HANDSHAKE =
      "WireGuard makes no handshake with it: let UDP ports subnets.wireguard.port and the next one"
          + " pass between the hosts";

  private final Consumer<Fact> events;
  private final PacketCarrier.Side self;
  private final Optional<PodTunnels> tunnels;
  private final boolean encrypted;

  /** The peers to which routes lead through VXLAN. */
  private Set<String> plain = Set.of();

  private Map<String, CarrierChanged> told = Map.of();

  /** What the last pass saw; empty before the first. */
  private Optional<WireguardSeen> wireguard = Optional.empty();

  /**
   * @param events takes what has changed
   * @param self what this node can do and wants
   * @param tunnels empty if this node makes none
   * @param encrypted whether what goes through tunnels is encrypted
   */
  PeerCarriers(
      Consumer<Fact> events,
      PacketCarrier.Side self,
      Optional<PodTunnels> tunnels,
      boolean encrypted) {
    this.events = events;
    this.self = self;
    this.tunnels = tunnels;
    this.encrypted = encrypted;
  }

  /**
   * Begins the tunnels that are missing. A peer that has VXLAN now keeps it until its tunnel is up,
   * unless this node wants no VXLAN; one that had its tunnel once never goes back by itself, for
   * who cuts the tunnel must not get the packets to read.
   *
   * @param own this node's subnets, none before it has any
   * @return the peers as the kernel is to have them in this pass
   */
  List<Wanted.Peer> begin(List<Cidr> own, List<Wanted.Peer> peers) {
    List<TunnelPeer> tunnelled = new ArrayList<>();
    List<Wanted.Peer> now = new ArrayList<>();
    for (Wanted.Peer peer : peers) {
      boolean stays =
          peer.carrier() != PacketCarrier.NONE
              && self.plain()
              && plain.contains(peer.node())
              && peer.endpoint() != null
              && !isUp(peer);
      now.add(stays ? peer.by(PacketCarrier.VXLAN) : orTunnel(peer));
      if (hasTunnel(peer)) {
        tunnelled.add(new TunnelPeer(peer.node(), peer.name(), peer.subnets(), peer.mtu()));
      }
    }
    if (tunnels.isPresent() && !own.isEmpty()) {
      tunnels.get().want(own, tunnelled);
    }
    return now;
  }

  /**
   * Where WireGuard makes no handshake, as its port does not pass, a tunnel takes its place. It is
   * there all the time, so that packets that the other node still sends by it arrive.
   */
  private Wanted.Peer orTunnel(Wanted.Peer peer) {
    boolean fails =
        peer.carrier() == PacketCarrier.WIREGUARD
            && hasTunnel(peer)
            && wireguard.filter(seen -> !seen.up().contains(peer.node())).isPresent()
            && tunnels.filter(open -> open.isUp(peer.node())).isPresent();
    return fails ? peer.by(PacketCarrier.MESH) : peer;
  }

  private static boolean hasTunnel(Wanted.Peer peer) {
    return peer.carrier() == PacketCarrier.MESH
        || (peer.carrier() == PacketCarrier.WIREGUARD && peer.wireguard().tunnel());
  }

  /**
   * Removes the tunnels to which no route leads any more, and tells what has changed.
   *
   * @param peers all of them, as the members tell
   * @param now as the kernel has them
   */
  void end(List<Wanted.Peer> peers, List<Wanted.Peer> now, Observed observed) {
    Set<String> kept = new HashSet<>();
    peers.stream().filter(PeerCarriers::hasTunnel).forEach(peer -> kept.add(peer.node()));
    tunnels.ifPresent(open -> open.retain(kept));
    Set<String> unencrypted = new HashSet<>();
    Map<String, CarrierChanged> states = new HashMap<>();
    for (Wanted.Peer peer : now) {
      if (peer.carrier() == PacketCarrier.VXLAN) {
        unencrypted.add(peer.node());
      }
      states.put(peer.node(), tell(peer, observed));
    }
    wireguard = Optional.of(observed.wireguard());
    plain = unencrypted;
    told = states;
  }

  private CarrierChanged tell(Wanted.Peer peer, Observed observed) {
    CarrierChanged state =
        new CarrierChanged(
            peer.node(),
            peer.name(),
            peer.subnet().toString(),
            peer.carrier().word(),
            isEncrypted(peer),
            problem(peer, observed));
    CarrierChanged before = told.get(peer.node());
    boolean changed =
        before == null
            ? state.up()
            : before.up() != state.up() || !before.carrier().equals(state.carrier());
    if (changed) {
      events.accept(state);
    }
    return state;
  }

  private boolean isUp(Wanted.Peer peer) {
    if (peer.carrier() == PacketCarrier.WIREGUARD) {
      boolean handshake = wireguard.filter(seen -> seen.up().contains(peer.node())).isPresent();
      return handshake || (hasTunnel(peer) && tunnels.filter(t -> t.isUp(peer.node())).isPresent());
    }
    return tunnels.filter(open -> open.isUp(peer.node())).isPresent();
  }

  /** Why packets do not get to a peer; null if they do, as far as this node can see. */
  String problem(Wanted.Peer peer, Observed observed) {
    String route = observed.problem(peer.subnet());
    if (route != null || peer.carrier() == PacketCarrier.VXLAN) {
      return route;
    }
    if (peer.carrier() == PacketCarrier.WIREGUARD) {
      return observed.wireguard().up().contains(peer.node()) ? null : NO_HANDSHAKE;
    }
    return tunnels.map(open -> open.problem(peer.node())).orElse(null);
  }

  boolean isEncrypted(Wanted.Peer peer) {
    return peer.carrier() == PacketCarrier.WIREGUARD
        || (peer.carrier() == PacketCarrier.MESH && encrypted);
  }

  private boolean isBy(PacketCarrier carrier, String node) {
    CarrierChanged now = told.get(node);
    return now != null && now.carrier().equals(carrier.word());
  }

  /** Whether this node is to encrypt what it can. */
  boolean wantsEncryption() {
    return self.asked() != SubnetsConfig.Carrier.VXLAN;
  }

  /** The peers whose tunnels should be up, each with the reason why they are not. */
  Map<TunnelPeer, String> down() {
    Map<TunnelPeer, String> down =
        new HashMap<>(tunnels.map(open -> open.downFor(SOON)).orElse(Map.of()));
    down.keySet().removeIf(peer -> isBy(PacketCarrier.WIREGUARD, peer.node()));
    return down;
  }

  /**
   * Ends all tunnels.
   *
   * @param remove whether their devices go too
   */
  Future<Void> close(boolean remove) {
    return tunnels.map(open -> open.close(remove)).orElse(Future.succeededFuture());
  }
}

package dev.weft.subnet.tunnel;

import dev.weft.address.Cidr;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.wire.control.WireRoom;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** This node's tunnels to other nodes' pods. For the room's event loop. */
public final class PodTunnels {
  /** Devices of an earlier process stay that long for peers that come back. */
  private static final Duration SETTLED = Duration.ofMinutes(1);

  private final Vertx vertx;
  private final TunnelRoom room;
  private final Map<String, PodTunnel> tunnels = new HashMap<>();

  /** What is left of tunnels that were removed, until it is gone. */
  private final Map<String, Future<Void>> leaving = new HashMap<>();

  private final long sweep;

  private PodTunnels(Vertx vertx, TunnelRoom room) {
    this.vertx = vertx;
    this.room = room;
    this.sweep =
        vertx.setTimer(
            SETTLED.toMillis(),
            id -> {
              var unused = room.device().removeOthers(Set.copyOf(tunnels.keySet()));
            });
  }

  /**
   * Begins with no tunnel, and answers other nodes from now on.
   *
   * @param thread of the calling room
   * @param changed runs when a tunnel has a device, comes up or goes down
   */
  public static PodTunnels open(
      Vertx vertx,
      RoomContext context,
      RoomThread thread,
      TunnelGround ground,
      WireRoom wires,
      Runnable changed) {
    TunnelRoom room =
        new TunnelRoom(
            vertx,
            thread,
            wires,
            new TunnelDevice(wires.kernel()),
            new TunnelCalls(ground.dial()),
            new TunnelTraffic(),
            new TunnelTraffic(),
            changed);
    PodTunnels opened = new PodTunnels(vertx, room);
    TunnelCalls.serve(ground.listener(), thread, opened::find);
    opened.measure(context.metrics().registry());
    return opened;
  }

  private void measure(MeterRegistry registry) {
    room.sent().register(registry, "sent");
    room.received().register(registry, "received");
    Gauge.builder("weft_subnet_tunnels", tunnels, Map::size)
        .description("Tunnels to members' pods")
        .register(registry);
  }

  private Optional<PodTunnel> find(String node) {
    return Optional.ofNullable(tunnels.get(node));
  }

  /**
   * Begins tunnels that are missing, and has all of these looked after.
   *
   * @param own subnets of this node's pods
   */
  public void want(List<Cidr> own, Collection<TunnelPeer> peers) {
    for (TunnelPeer peer : peers) {
      PodTunnel tunnel =
          tunnels.computeIfAbsent(
              peer.node(),
              node ->
                  new PodTunnel(
                      room, own, peer, leaving.getOrDefault(node, Future.succeededFuture())));
      tunnel.between(own, peer);
      tunnel.kick();
    }
  }

  /** Removes all other tunnels, with their devices. */
  public void retain(Set<String> nodes) {
    for (String node : new HashSet<>(tunnels.keySet())) {
      if (!nodes.contains(node)) {
        Future<Void> gone = tunnels.remove(node).stop().transform(v -> room.device().remove(node));
        Future<Void> home = room.thread().home(gone).otherwiseEmpty();
        leaving.put(node, home);
        home.onComplete(done -> leaving.remove(node, home));
      }
    }
  }

  /** Whether packets cross to a node. */
  public boolean isUp(String node) {
    return find(node).filter(PodTunnel::isUp).isPresent();
  }

  /** Why no packets cross to a node; null while they do. */
  public String problem(String node) {
    return find(node)
        .map(tunnel -> tunnel.problem().orElse(null))
        .orElse(tunnels.containsKey(node) ? null : "its tunnel is not there yet");
  }

  /** The peers to which no packets have crossed for so long, each with the reason. */
  public Map<TunnelPeer, String> downFor(Duration time) {
    Map<TunnelPeer, String> down = new HashMap<>();
    for (PodTunnel tunnel : tunnels.values()) {
      if (tunnel.downNanos() > time.toNanos()) {
        down.put(tunnel.peer(), tunnel.problem().orElse(""));
      }
    }
    return down;
  }

  /**
   * Ends all tunnels.
   *
   * @param remove whether their devices go too
   */
  public Future<Void> close(boolean remove) {
    vertx.cancelTimer(sweep);
    List<Future<Void>> ends = new ArrayList<>(leaving.values());
    tunnels.values().forEach(tunnel -> ends.add(tunnel.stop()));
    tunnels.clear();
    return Future.join(ends)
        .transform(
            done -> remove ? room.device().removeOthers(Set.of()) : Future.<Void>succeededFuture());
  }
}

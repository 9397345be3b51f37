package dev.weft.nsm.connection;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.config.NsmConfig;
import dev.weft.net.NodeLinks;
import dev.weft.net.Underlay;
import dev.weft.nsm.proto.TunnelType;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Which tunnels this node can be an end of. */
public final class Tunnels {
  /** The upper half of the 24 bits: wires of topologies count up from 5000. */
  private static final int FIRST_VNI = 0x800000;

  private static final int LAST_VNI = 0xffffff;

  private static final Duration AVOIDED = Duration.ofMinutes(5);

  private final Cluster cluster;
  private final NsmConfig config;
  private final NodeLinks links;
  private final RandomGenerator random = new SecureRandom();
  private final Map<Way, Instant> avoided = new HashMap<>();

  private record Way(TunnelType tunnel, String node) {}

  public Tunnels(Cluster cluster, NsmConfig config, NodeLinks links) {
    this.cluster = cluster;
    this.config = config;
    this.links = links;
  }

  /**
   * Best first. A VXLAN needs an address that other nodes reach.
   *
   * @param external to a node of another mesh: only what is encrypted
   */
  public List<TunnelType> tunnels(boolean external) {
    if (external) {
      return List.of(TunnelType.DEFAULT_TUNNEL);
    }
    return config.tunnels().stream()
        .filter(t -> t != NsmConfig.Tunnel.VXLAN || address().isPresent())
        .map(
            t ->
                switch (t) {
                  case DEFAULT -> TunnelType.DEFAULT_TUNNEL;
                  case VXLAN -> TunnelType.VXLAN;
                })
        .toList();
  }

  /**
   * As {@link #tunnels}, to a node; without those that did not carry lately, if others are left.
   */
  public List<TunnelType> towards(String node, boolean external, Instant now) {
    List<TunnelType> all = tunnels(external);
    List<TunnelType> sound =
        all.stream()
            .filter(t -> !avoided.getOrDefault(new Way(t, node), Instant.MIN).isAfter(now))
            .toList();
    return sound.isEmpty() ? all : sound;
  }

  /** Whether this node can be an end of another tunnel than that, within the mesh. */
  public boolean hasOther(TunnelType tunnel) {
    return tunnels(false).stream().anyMatch(t -> t != tunnel);
  }

  /** A tunnel to a node does not carry: it is not offered for a while. */
  public void avoid(TunnelType tunnel, String node, Instant now) {
    avoided.values().removeIf(until -> !until.isAfter(now));
    avoided.put(new Way(tunnel, node), now.plus(AVOIDED));
  }

  /** This node's address as other nodes dial it, if it is one. */
  public Optional<String> address() {
    return cluster
        .member(cluster.self())
        .map(m -> m.grpc())
        .flatMap(grpc -> HostPort.parse(grpc, 0))
        .map(HostPort::host)
        .filter(Tunnels::isAddress);
  }

  public static boolean isAddress(String text) {
    try {
      return !IpAddress.parse(text).isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** A VNI that no device of this node is known to have. */
  public int freeVni() {
    return links.vxlans().pick(random, FIRST_VNI, LAST_VNI);
  }

  /** The largest packet that this node's underlay lets a VXLAN to an address carry whole, bytes. */
  public Future<Integer> vxlanMtu(String remote) {
    return links
        .thread()
        .change(
            at ->
                Underlay.towards(at.host().netlink(), IpAddress.parse(remote))
                    .orElseThrow(
                        () ->
                            Fault.PRECONDITION.because(
                                "no route to " + remote + ", the other node's end of a VXLAN"))
                    .vxlanMtu());
  }
}

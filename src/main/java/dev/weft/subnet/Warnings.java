package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.config.SubnetsConfig;
import dev.weft.subnet.tunnel.TunnelPeer;
import dev.weft.telemetry.Health;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room's health warnings: a pass raises those whose reason it finds and clears the others. */
final class Warnings {
  private static final Logger log = LoggerFactory.getLogger(Warnings.class);

  private static final Duration LEASE_WITHIN = Duration.ofSeconds(10);

  /** Members that are named at once. */
  private static final int SHOWN = 3;

  private final Health health;
  private final SubnetsConfig config;
  private Long notLeasedSince;
  private Long unsureSince;
  private final boolean vxlan;

  /**
   * @param vxlan whether VXLAN may carry packets to other members
   */
  Warnings(Health health, SubnetsConfig config, boolean vxlan) {
    this.vxlan = vxlan;
    this.health = health;
    this.config = config;
  }

  void kernelRefused(String why) {
    raise(
        "namespace",
        why,
        "this node makes no routes, no overlay and no pod interfaces",
        "run one node in each network namespace");
  }

  /**
   * @param why empty if this host has it
   */
  void noWireguard(Optional<String> why) {
    when(
        config.carrier() == SubnetsConfig.Carrier.WIREGUARD && why.isPresent(),
        "wireguard",
        why.orElse(""),
        "packets to other members go through tunnels, encrypted and slower",
        "run modprobe wireguard and start the node again, or set subnets.carrier: mesh");
  }

  void runtimeRefused(String why) {
    raise(
        "runtime",
        why,
        "agents on this host cannot call quilt.QuiltRuntime",
        "end the program that has the port, or set subnets.runtime");
  }

  void leased() {
    notLeasedSince = null;
    health.clear(SubnetVerticle.ROOM, "lease");
  }

  /** Shown once it lasts: members that start together are no quorum for some seconds. */
  void notLeased(Optional<Cidr> kept, String why) {
    if (notLeasedSince == null) {
      notLeasedSince = System.nanoTime();
    }
    when(
        System.nanoTime() - notLeasedSince > LEASE_WITHIN.toNanos(),
        "lease",
        why,
        kept.map(c -> "this node keeps " + c + " and gets no other")
            .orElse("pods of this node get no addresses"),
        "bring members back, or set cluster.size or subnets.cidr as it should be");
  }

  void lost(SubnetChanged now) {
    when(
        now.lost(),
        "lease-lost",
        "subnet " + now.subnet() + " is not this node's any more",
        "pods here with addresses of it are reached one by one, if no pod of its node has the same,"
            + " and no new addresses are given",
        "remove these pods and add them again; with the last one the node gets another subnet");
  }

  /** Shown once it lasts: members that start together have no majority for some seconds. */
  void unsure(SubnetChanged now, Optional<String> why) {
    unsureSince = why.isEmpty() ? null : unsureSince == null ? System.nanoTime() : unsureSince;
    when(
        unsureSince != null && System.nanoTime() - unsureSince > LEASE_WITHIN.toNanos(),
        "lease-unsure",
        "subnet " + now.subnet() + " may be another node's by now: " + why.orElse(""),
        "if so, pods here with addresses of it are not reached from other nodes",
        "bring the voters back, or weft nodes forget those that are gone for good");
  }

  void passFailed(String why) {
    log.warn("subnets: {}", why);
    raise(
        "kernel",
        why,
        "routes and pods' interfaces may not be as they should",
        "the node tries again every 5 s");
  }

  void passed() {
    health.clear(SubnetVerticle.ROOM, "kernel");
  }

  void observed(Wanted wanted, Observed now) {
    when(
        now.refusal() != null,
        "range",
        "subnets.cidr " + config.cidr() + " overlaps a route of this host: " + now.refusal(),
        "no overlay, no routes to members and no pod interfaces here",
        "choose another subnets.cidr on every member, or remove that route");
    when(
        vxlan
            && config.overlay().isPresent()
            && now.endpoint() == null
            && wanted.members().stream().anyMatch(a -> !a.isLoopbackAddress()),
        "underlay",
        "no address of this host "
            + config.underlay().map(d -> "on " + d + " ").orElse("")
            + "reaches the members",
        "pods of this node do not reach those of others",
        "set subnets.underlay to the device that leads to the members");
    for (Trouble trouble : Trouble.values()) {
      String found = now.troubles().get(trouble);
      when(
          found != null,
          trouble.code(),
          trouble.text(found),
          trouble.affects(config.port()),
          trouble.action());
    }
    when(
        !now.problems().isEmpty(),
        "routes",
        several(now.problems().size(), "a route is missing", "routes are missing")
            + first(now.problems()),
        "what is behind them is not reached",
        "weft routes shows the reason for each");
    when(
        !now.podProblems().isEmpty(),
        "pods",
        several(now.podProblems().size(), "a pod is not attached", "pods are not attached")
            + first(now.podProblems()),
        "these pods have no interface with their address",
        "weft address shows the reason for each");
  }

  void reach(PeerReach reach) {
    List<String> silent = reach.lacking(PeerReach.Lack.HOST);
    when(
        !silent.isEmpty(),
        "silent",
        members(silent) + (silent.size() == 1 ? " does" : " do") + " not answer over the overlay",
        "pods of this node do not reach those of these members",
        "let UDP port "
            + config.port()
            + " pass between the hosts, and echo requests (ICMP) over the overlay, if a firewall of"
            + " either drops them");
    List<String> cut = reach.lacking(PeerReach.Lack.LENGTH);
    when(
        !cut.isEmpty(),
        "mtu",
        "packets of full length do not get to " + members(cut) + ", though short ones do",
        "connections of pods with these members stand still once they send much",
        "give the devices between the hosts the MTU that the network has: weft subnets shows the"
            + " pods', which is 50 bytes less, 70 over IPv6");
    List<String> stopped = reach.lacking(PeerReach.Lack.POD);
    when(
        !stopped.isEmpty(),
        "pods-unreached",
        members(stopped)
            + (stopped.size() == 1 ? " answers" : " answer")
            + ", but a pod there that answers its own node does not",
        "pods of this node do not reach those of these members",
        "on that host, let the pods' range pass in chains of the hook forward, and set"
            + " net.ipv4.ip_forward to 1");
  }

  /** VXLAN alone is no warning: it is the default, and {@code weft subnets} says what it is. */
  void carriers(List<Wanted.Peer> peers, PeerCarriers carriers, Set<String> without) {
    when(
        !without.isEmpty(),
        "carrier",
        "nothing carries packets to " + members(without),
        "pods of this node do not reach those of these members",
        "choose subnets.carrier so that both nodes have one in common");
    List<String> plain =
        peers.stream()
            .filter(peer -> peer.carrier() == PacketCarrier.VXLAN)
            .map(Wanted.Peer::name)
            .toList();
    when(
        carriers.wantsEncryption() && !plain.isEmpty(),
        "plain",
        "packets to " + members(plain) + " are not encrypted",
        "who is on the network between the nodes can read and forge them",
        "load the module wireguard on both hosts, or have these members run a version with"
            + " subnets.carrier; with mesh here nothing goes unencrypted");
    Map<TunnelPeer, String> down = carriers.down();
    when(
        !down.isEmpty(),
        "tunnels",
        several(down.size(), "a tunnel is down", "tunnels are down")
            + down.entrySet().stream()
                .findFirst()
                .map(e -> "to " + e.getKey().name() + ": " + e.getValue())
                .orElse(""),
        "pods of this node do not reach those of these members",
        "weft subnets shows the reason for each");
  }

  /** {@code node n2}, {@code nodes n2, n3}, or {@code 7 members, such as n2, n3, n4,}. */
  static String members(Collection<String> names) {
    String some = names.stream().sorted().limit(SHOWN).collect(Collectors.joining(", "));
    return names.size() > SHOWN
        ? names.size() + " members, such as " + some + ","
        : (names.size() == 1 ? "node " : "nodes ") + some;
  }

  /** Before one of the things in question. */
  private static String several(int count, String one, String more) {
    return count == 1 ? one + ": " : count + " " + more + ", such as ";
  }

  private static String first(Map<?, String> problems) {
    return problems.entrySet().stream()
        .findFirst()
        .map(e -> e.getKey() + ": " + e.getValue())
        .orElse("");
  }

  private void when(boolean wrong, String code, String text, String affects, String action) {
    health.show(wrong, new Health.Warning(SubnetVerticle.ROOM, code, text, affects, action));
  }

  private void raise(String code, String text, String affects, String action) {
    when(true, code, text, affects, action);
  }
}

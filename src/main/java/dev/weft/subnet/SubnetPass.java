package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.CommonTable;
import dev.weft.linux.VxlanFence;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.RoomContext;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pass: settles the lease, frees addresses of pods that are gone, brings the kernel to what is
 * wanted, and tells the other members. For the room's event loop, one at a time.
 */
final class SubnetPass {
  private static final Logger log = LoggerFactory.getLogger(SubnetPass.class);

  private record AgentHost(String hostIp, String subnet) {}

  private final String self;
  private final Bus bus;
  private final Pods pods;
  private final SubnetState state;
  private final Warnings warnings;
  private final Timer duration;
  private final CommonTable agents;
  private Observed observed = Observed.NOTHING;
  private List<Wanted.Peer> peers = List.of();
  private SubnetChanged lastChange;

  SubnetPass(RoomContext room, SubnetState state, Warnings warnings) {
    this.self = room.self();
    this.bus = room.bus();
    this.pods = bus.proxy(Pods.class);
    this.state = state;
    this.warnings = warnings;
    this.agents = room.cluster().common(AgentVerticle.NODES);
    this.duration =
        Timer.builder("weft_subnet_reconcile")
            .description("Passes over the kernel's routes and devices")
            .register(room.metrics().registry());
  }

  Future<Void> run() {
    return Future.<Void>succeededFuture()
        .compose(v -> settleLease())
        .compose(v -> pods.local())
        .compose(
            local ->
                releaseStrangers(local)
                    .onSuccess(v -> takeGuests())
                    .compose(v -> giveAddresses())
                    .compose(v -> reconcile(local)))
        .onFailure(e -> observed = observed.outdated(WeftException.of(e).getMessage()))
        .compose(v -> state.directory().tell(observed, state.reach().witness()))
        .onFailure(e -> warnings.passFailed(WeftException.of(e).getMessage()))
        .onSuccess(v -> warnings.passed());
  }

  /** What the last pass found in the kernel. */
  Observed observed() {
    return observed;
  }

  /** The members to whose subnets the last pass wanted routes. */
  List<Wanted.Peer> peers() {
    return peers;
  }

  private Future<Void> settleLease() {
    LeaseKeeper keeper = state.keeper();
    return keeper
        .settle(state.allocations().size())
        .onSuccess(v -> warnings.leased())
        .onFailure(e -> warnings.notLeased(keeper.subnet(), WeftException.of(e).getMessage()))
        .otherwiseEmpty()
        .onSuccess(v -> noteSubnet());
  }

  private void noteSubnet() {
    LeaseKeeper keeper = state.keeper();
    SubnetChanged now =
        new SubnetChanged(
            self,
            keeper.subnet().map(Cidr::toString).orElse(null),
            keeper.subnet().isPresent() && !keeper.held());
    warnings.lost(now);
    warnings.unsure(now, keeper.doubt());
    boolean first = lastChange == null && now.subnet() == null;
    if (!first && !now.equals(lastChange)) {
      bus.publish(now);
    }
    lastChange = now;
  }

  /** Frees the addresses of interfaces whose pods are no longer registered. */
  private Future<Void> releaseStrangers(List<Pod> local) {
    Set<PodRef> here = local.stream().map(Pod::ref).collect(Collectors.toSet());
    List<PodRef> gone =
        state.allocations().all().stream()
            .filter(Allocations.Allocation::attached)
            .map(Allocations.Allocation::pod)
            .filter(pod -> !here.contains(pod))
            .toList();
    return Future.join(gone.stream().map(state.allocations()::release).toList()).mapEmpty();
  }

  private void takeGuests() {
    state.allocations().reserve(state.directory().host(state.allocations().used()));
  }

  /** Gives pods their addresses that asked before there was a subnet. */
  private Future<Void> giveAddresses() {
    return state.keeper().subnet().isPresent() && state.keeper().held()
        ? state.allocations().settle(state.pool())
        : Future.succeededFuture();
  }

  private Future<Void> reconcile(List<Pod> local) {
    if (state.kernel().refusal().isPresent()) {
      return Future.succeededFuture();
    }
    List<Wanted.Peer> others = state.directory().peers();
    List<Cidr> own =
        state
            .keeper()
            .subnet()
            .map(leased -> SecondRange.both(leased, state.directory().second()))
            .orElse(List.of());
    Wanted wanted = wanted(local, state.carriers().begin(own, others));
    long begun = System.nanoTime();
    return state
        .kernel()
        .run(kernel -> kernel.reconcile(wanted))
        .onSuccess(
            now -> {
              duration.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
              observed = now;
              peers =
                  wanted.peers().stream().filter(p -> p.carrier() != PacketCarrier.NONE).toList();
              state.carriers().end(others, peers, now);
              now.changes().forEach(bus::publish);
              state
                  .reach()
                  .want(here(), state.directory().witnesses(), now.mtu(), addresses(wanted, now));
              warnings.observed(wanted, now);
              warnings.reach(state.reach());
              warnings.carriers(peers, state.carriers(), state.directory().withoutCarrier());
            })
        .mapEmpty();
  }

  /** The hosts that agents registered, each with its subnet. */
  private Set<VxlanFence.Sender> agents() {
    Set<VxlanFence.Sender> hosts = new HashSet<>();
    for (String json : agents.rows().values()) {
      try {
        AgentHost host = Json.read(json, AgentHost.class);
        hosts.add(new VxlanFence.Sender(IpAddress.parse(host.hostIp()), Cidr.parse(host.subnet())));
      } catch (IllegalArgumentException | WeftException e) {
        log.warn("agent record ignored: {}", e.getMessage());
      }
    }
    return hosts;
  }

  private Wanted wanted(List<Pod> local, List<Wanted.Peer> others) {
    Map<Cidr, String> intents = state.injected().intents();
    List<Wanted.PodEnd> ends = new ArrayList<>();
    for (Pod pod : local) {
      state
          .allocations()
          .of(pod.ref())
          .filter(a -> a.attached() && !a.waits() && pod.alive() && !pod.isSegment())
          .ifPresent(a -> ends.add(end(pod, a.inet())));
    }
    // Before other members have been heard, those of former times show the underlay.
    List<InetAddress> members = new ArrayList<>(state.directory().addresses());
    others.stream().map(Wanted.Peer::endpoint).filter(Objects::nonNull).forEach(members::add);
    return new Wanted(
        state.keeper().subnet(),
        state.directory().second(),
        members,
        others,
        intents,
        agents(),
        ends);
  }

  /** The members of which something is known and that VXLAN carries packets to. */
  private List<Wanted.Peer> here() {
    return peers.stream()
        .filter(peer -> peer.carrier() == PacketCarrier.VXLAN && !peer.isGuest())
        .filter(peer -> !state.directory().isAway(peer.node()))
        .toList();
  }

  private static List<InetAddress> addresses(Wanted wanted, Observed now) {
    return wanted.pods().stream()
        .filter(pod -> now.attached().contains(pod.pod()))
        .map(Wanted.PodEnd::address)
        .toList();
  }

  private Wanted.PodEnd end(Pod pod, InetAddress address) {
    Optional<InetAddress> beside =
        state
            .second()
            .flatMap(r -> state.keeper().subnet().flatMap(own -> r.address(own, address)))
            .map(Cidr::address);
    return new Wanted.PodEnd(pod.ref(), pod.netns(), address, beside);
  }
}

package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Leases;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.Passes;
import dev.weft.room.RoomContext;
import dev.weft.subnet.tunnel.TunnelDevice;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Answers calls of other rooms, the API and agents. For the room's event loop. */
final class SubnetService implements Subnets {
  private static final String NO_CARRIER =
      "nothing carries packets there: subnets.carrier of the two nodes has nothing in common";

  private final Cluster cluster;
  private final Pods pods;
  private final Agents agents;
  private final SubnetState state;
  private final SubnetPass pass;
  private final Passes passes;

  /**
   * @param passes runs {@code pass}
   */
  SubnetService(RoomContext room, SubnetState state, SubnetPass pass, Passes passes) {
    this.cluster = room.cluster();
    this.pods = room.bus().proxy(Pods.class);
    this.agents = room.bus().proxy(Agents.class);
    this.state = state;
    this.pass = pass;
    this.passes = passes;
  }

  @Override
  public Future<List<SubnetView>> leases() {
    Map<String, MemberRow> rows = state.directory().rows();
    List<SubnetView> views = new ArrayList<>();
    Map<String, Wanted.Peer> peers =
        pass.peers().stream().collect(Collectors.toMap(Wanted.Peer::node, peer -> peer));
    Set<String> without = state.directory().withoutCarrier();
    for (Leases.Lease lease : state.keeper().all()) {
      Wanted.Peer peer = peers.get(lease.holder());
      MemberRow row = rows.get(lease.holder());
      views.add(
          new SubnetView(
              lease.key(),
              row == null ? null : row.subnet6(),
              lease.holder(),
              state.keeper().nameOf(lease.holder()),
              lease.holder().equals(cluster.self()),
              cluster.member(lease.holder()).isPresent(),
              row == null ? null : row.endpoint(),
              row == null ? 0 : row.mtu(),
              peer == null ? null : peer.carrier().word(),
              peer == null ? null : state.carriers().isEncrypted(peer),
              peer == null ? without.contains(lease.holder()) ? NO_CARRIER : null : problem(peer)));
    }
    return Future.succeededFuture(views);
  }

  @Override
  public Future<String> lease(String outsider) {
    return state.keeper().lease(outsider).map(Cidr::toString);
  }

  @Override
  public Future<Void> free(String holder) {
    if (holder.startsWith(Leases.OUTSIDER)) {
      return freed(holder);
    }
    if (state.keeper().holds(Leases.OUTSIDER + holder)) {
      return agents.list().compose(registered -> freeAgent(holder, registered));
    }
    if (cluster.member(holder).isEmpty() && !state.keeper().holds(holder)) {
      throw Fault.NOT_FOUND.because(
          "node: %s has no subnet (expected: an ID that weft subnets shows)"
              .formatted(Fault.printable(holder)));
    }
    return freed(holder);
  }

  /** Of a registered one the registration ends too, which frees the subnet. */
  private Future<Void> freeAgent(String id, List<Agents.AgentNode> registered) {
    Optional<Agents.AgentNode> agent =
        registered.stream().filter(a -> a.nodeId().equals(id)).findFirst();
    if (agent.filter(a -> a.status().equals("up")).isPresent()) {
      throw Fault.CONFLICT.because(
          "node: agent's node %s is up and keeps its subnet (expected: one that is down; its agent"
                  .formatted(agent.get().hostname())
              + " deregisters it itself)");
    }
    return agent.isPresent() ? agents.deregister(id) : freed(Leases.OUTSIDER + id);
  }

  private Future<Void> freed(String holder) {
    return state.keeper().free(holder).onSuccess(v -> passes.ask());
  }

  @Override
  public Future<Void> configure(String subnet) {
    Cidr wanted = state.range().check(subnet);
    Optional<Cidr> present = state.keeper().subnet();
    if (present.filter(wanted::equals).isPresent() && state.keeper().held()) {
      return Future.succeededFuture();
    }
    int used = state.allocations().size();
    if (used > 0) {
      throw Fault.CONFLICT.because(
          "subnet: %s (expected: %s while %s of its addresses are in use)"
              .formatted(wanted, present.map(Cidr::toString).orElse("none"), used));
    }
    return state.keeper().change(wanted).compose(v -> afterPass());
  }

  @Override
  public Future<List<AddressView>> addresses() {
    return Future.succeededFuture(state.allocations().all().stream().map(this::view).toList());
  }

  @Override
  public Future<AddressView> allocate(PodRef pod, String address) {
    return state
        .allocations()
        .allocate(state.pool(), pod, wantedAddress(address), false)
        .map(this::view);
  }

  @Override
  public Future<Void> checkAddress(PodRef pod, String address) {
    String wanted = wantedAddress(address);
    if (state.keeper().subnet().isPresent()) {
      return state.allocations().check(state.pool(), pod, wanted);
    }
    checkBeforeSubnet(wanted);
    return Future.succeededFuture();
  }

  private void checkBeforeSubnet(String wanted) {
    if (!wanted.equals(Allocations.AUTO)) {
      state.range().checkAddress(wanted);
    }
  }

  @Override
  public Future<AddressView> attach(PodRef pod, String address) {
    String wanted = wantedAddress(address);
    return pods.local()
        .compose(
            local -> {
              if (local.stream().noneMatch(p -> p.ref().equals(pod))) {
                throw Fault.NOT_FOUND.because("pod " + pod + " is not registered on this node");
              }
              if (state.keeper().subnet().isPresent()) {
                return state.allocations().allocate(state.pool(), pod, wanted, true);
              }
              checkBeforeSubnet(wanted);
              return state.allocations().await(pod, wanted);
            })
        .compose(asked -> afterPass().map(asked))
        // The pass may have given it its address.
        .map(asked -> view(state.allocations().of(pod).orElse(asked)));
  }

  @Override
  public Future<Void> release(PodRef pod) {
    return state.allocations().release(pod).compose(v -> afterPass());
  }

  @Override
  public Future<List<RouteView>> routes() {
    Observed observed = pass.observed();
    List<RouteView> views = new ArrayList<>();
    for (Wanted.Peer peer : pass.peers()) {
      String device =
          switch (peer.carrier()) {
            case MESH -> TunnelDevice.nameOf(peer.node());
            case WIREGUARD -> observed.wireguard().devices().get(peer.node());
            case VXLAN, NONE -> observed.device();
          };
      peer.subnets().forEach(to -> views.add(view(to, device, peer.name())));
    }
    state
        .injected()
        .intents()
        .forEach((destination, device) -> views.add(view(destination, device, null)));
    views.sort(Comparator.comparing(RouteView::destination));
    return Future.succeededFuture(views);
  }

  @Override
  public Future<Void> inject(String destination, String device) {
    Cidr to = Prefixes.destination(destination);
    Prefixes.device(device);
    checkOthers(to);
    checkUnderlay(to);
    return state.injected().inject(to, device);
  }

  @Override
  public Future<Boolean> keeps(String destination) {
    boolean kept =
        Cidr.find(destination)
            .flatMap(to -> state.keeper().find(to.toString()))
            .filter(lease -> !lease.holder().startsWith(Leases.OUTSIDER))
            .filter(lease -> !lease.holder().equals(cluster.self()))
            .isPresent();
    return Future.succeededFuture(kept);
  }

  @Override
  public Future<Void> remove(String destination) {
    Cidr to = Prefixes.destination(destination);
    if (!state.injected().contains(to)) {
      checkOthers(to);
    }
    return state.injected().remove(to);
  }

  /** Completes after a pass that begins now or later, even if it fails: it is repeated. */
  private Future<Void> afterPass() {
    return passes.ask().otherwiseEmpty();
  }

  /** A route to the address to which the overlay's own packets go would send them elsewhere. */
  private void checkUnderlay(Cidr destination) {
    if (destination.prefixLength() < destination.bits()) {
      return;
    }
    for (Wanted.Peer peer : pass.peers()) {
      if (destination.address().equals(peer.endpoint())) {
        throw Fault.CONFLICT.because(
            "destination: %s is the address of node %s itself (expected: another destination)"
                .formatted(destination, peer.name()));
      }
    }
  }

  /** Refuses destinations in members' subnets: the passes alone make those routes. */
  private void checkOthers(Cidr destination) {
    Optional<Cidr> own = state.keeper().subnet();
    for (Cidr part : own.map(this::parts).orElse(List.of())) {
      if (part.contains(destination)) {
        throw Fault.invalid("destination", destination, "not this node's own subnet " + part);
      }
    }
    if (!state.range().cidr().overlaps(destination)
        && state.second().filter(r -> r.cidr().overlaps(destination)).isEmpty()) {
      return;
    }
    for (Leases.Lease lease : state.keeper().all()) {
      boolean members =
          !lease.holder().startsWith(Leases.OUTSIDER) && !lease.holder().equals(cluster.self());
      if (members
          && parts(Cidr.parse(lease.key())).stream().anyMatch(p -> p.contains(destination))) {
        throw Fault.CONFLICT.because(
            "destination: "
                + destination
                + " is in the subnet "
                + lease.key()
                + " of node "
                + state.keeper().nameOf(lease.holder())
                + ", to which Weft keeps a route itself (expected: another destination)");
      }
    }
  }

  /** A leased part, and the one of the second range beside it. */
  private List<Cidr> parts(Cidr leased) {
    return SecondRange.both(leased, state.second().flatMap(r -> r.part(leased)));
  }

  private static String wantedAddress(String address) {
    return address == null || address.isEmpty() ? Allocations.AUTO : address;
  }

  private String problem(Wanted.Peer peer) {
    return state
        .kernel()
        .refusal()
        .or(() -> Optional.ofNullable(state.carriers().problem(peer, pass.observed())))
        .orElseGet(() -> state.reach().problem(peer.node()));
  }

  private String problem(PodRef pod) {
    return state.kernel().refusal().orElseGet(() -> pass.observed().problem(pod));
  }

  private AddressView view(Allocations.Allocation a) {
    if (a.waits()) {
      String why = state.allocations().refusal(a.pod()).orElseGet(state::noSubnet);
      return new AddressView(a.pod(), cluster.self(), null, null, null, null, true, why);
    }
    Cidr own = state.keeper().subnet().orElseThrow();
    Optional<SecondRange> six =
        state.second().filter(r -> !pass.observed().troubles().containsKey(Trouble.SECOND));
    return new AddressView(
        a.pod(),
        cluster.self(),
        a.address() + "/" + own.prefixLength(),
        IpAddress.format(new AddressPool(own).gateway()),
        six.flatMap(r -> r.address(own, a.inet())).map(Cidr::toString).orElse(null),
        six.flatMap(r -> r.part(own))
            .map(part -> IpAddress.format(new AddressPool(part).gateway()))
            .orElse(null),
        a.attached(),
        a.attached() ? problem(a.pod()) : null);
  }

  private RouteView view(Cidr destination, String device, String member) {
    String reason = state.kernel().refusal().orElseGet(() -> pass.observed().problem(destination));
    if (reason == null && member != null && device == null) {
      reason = "no overlay";
    }
    return new RouteView(
        cluster.self(), destination.toString(), device, member, reason == null, reason);
  }
}

package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.cluster.OwnedTable;
import dev.weft.config.SubnetsConfig;
import dev.weft.subnet.wireguard.WireguardSeen;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the members tell each other about their subnets. For the room's event loop. */
final class MemberDirectory {
  static final String TABLE = "subnets";

  private static final Logger log = LoggerFactory.getLogger(MemberDirectory.class);

  private final Cluster cluster;
  private final OwnedTable table;
  private final LeaseKeeper keeper;
  private final SubnetRange range;
  private final Optional<SecondRange> second;
  private final PacketCarrier.Side self;
  private final KnownPeers known;
  private MemberRow told;

  /** The addresses of this node's pods. */
  private Set<InetAddress> used = Set.of();

  /** What this node says of its subnet's addresses. */
  private Map<String, String> guests = Map.of();

  private Map<String, Read> read = Map.of();

  /**
   * What a member tells.
   *
   * @param row null for what cannot be read
   */
  private record Read(String json, MemberRow row) {}

  /**
   * @param second the IPv6 range beside
   * @param self what this node can do and wants
   */
  MemberDirectory(
      Cluster cluster,
      LeaseKeeper keeper,
      SubnetRange range,
      Optional<SecondRange> second,
      PacketCarrier.Side self,
      KnownPeers known) {
    this.known = known;
    this.self = self;
    this.cluster = cluster;
    this.table = cluster.owned(TABLE);
    this.keeper = keeper;
    this.range = range;
    this.second = second;
  }

  void onChange(Runnable listener) {
    table.onChange(listener);
  }

  /**
   * The other members that have a leased subnet and that something carries packets to, also those
   * that are away; {@link PacketCarrier#NONE} for one whose kernel does not answer.
   */
  List<Wanted.Peer> peers() {
    Map<String, MemberRow> rows = rows();
    Map<String, List<Cidr>> hosts = hosts(rows);
    List<Wanted.Peer> live = new ArrayList<>();
    rows.forEach(
        (node, row) -> peer(node, row, hosts.getOrDefault(node, List.of())).ifPresent(live::add));
    return known.with(live, peer -> mayBeAway(peer, rows.get(peer.node())));
  }

  /**
   * Takes other nodes' pods in this node's subnet for guests, whose addresses it does not give.
   *
   * @param own the addresses of this node's pods
   * @return the guests' addresses
   */
  Set<InetAddress> host(Set<InetAddress> own) {
    used = own;
    guests =
        keeper.held() && keeper.subnet().isPresent()
            ? Guests.accept(cluster.self(), keeper.subnet().get(), own, rows(), guests)
            : Map.of();
    return guests.entrySet().stream()
        .filter(guest -> !guest.getValue().equals(cluster.self()))
        .map(guest -> IpAddress.parse(guest.getKey()))
        .collect(Collectors.toSet());
  }

  /** By node id, the addresses of pods that the holders of their subnets say are there. */
  private Map<String, List<Cidr>> hosts(Map<String, MemberRow> rows) {
    List<Guests.Said> said = new ArrayList<>();
    List<Cidr> own = keeper.subnet().map(List::of).orElse(List.of());
    own.forEach(subnet -> said.add(new Guests.Said(cluster.self(), subnet, guests)));
    rows.forEach(
        (node, row) -> {
          if (!node.equals(cluster.self()) && row.guests() != null && row.subnet() != null) {
            keeper
                .find(row.subnet())
                .filter(lease -> lease.holder().equals(node))
                .flatMap(lease -> Cidr.find(lease.key()))
                .ifPresent(subnet -> said.add(new Guests.Said(node, subnet, row.guests())));
          }
        });
    return Guests.routes(cluster.self(), said, own, used);
  }

  /**
   * The other members with a subnet to which nothing carries packets, because one side wants no
   * VXLAN and the other one makes no tunnels.
   */
  Set<String> withoutCarrier() {
    Set<String> nodes = new TreeSet<>();
    rows()
        .forEach(
            (node, row) -> {
              if (!node.equals(cluster.self())
                  && row.subnet() != null
                  && self.mesh()
                  && carrier(node, row) == PacketCarrier.NONE) {
                nodes.add(node);
              }
            });
    return nodes;
  }

  private PacketCarrier carrier(String node, MemberRow row) {
    return PacketCarrier.between(self, row.side(!isOutpost(node)));
  }

  /**
   * Whether packets may go to a peer from which nothing new is known.
   *
   * @param row what it tells, null if it is no member now
   */
  private boolean mayBeAway(Wanted.Peer peer, MemberRow row) {
    PacketCarrier.Side its =
        row == null
            ? new PacketCarrier.Side(
                peer.wireguard() == null
                    ? SubnetsConfig.Carrier.VXLAN
                    : SubnetsConfig.Carrier.WIREGUARD,
                true,
                false,
                peer.wireguard() != null)
            : row.side(!isOutpost(peer.node()));
    boolean fits = range.cidr().contains(peer.subnet()) && !cluster.outpost();
    String key = peer.subnet().toString();
    // Before the leases have been read from the disk there is none, not even this node's own.
    boolean leased =
        keeper.all().isEmpty()
            || keeper.find(key).filter(l -> l.holder().equals(peer.node())).isPresent();
    PacketCarrier by = peer.wireguard() == null ? PacketCarrier.VXLAN : PacketCarrier.WIREGUARD;
    return fits && leased && PacketCarrier.between(self, its) == by;
  }

  /** Addresses on which the other members listen: the route to them shows the underlay. */
  List<InetAddress> addresses() {
    List<InetAddress> addresses = new ArrayList<>();
    for (Member member : cluster.members()) {
      if (!member.id().equals(cluster.self()) && member.bus() != null) {
        HostPort.parse(member.bus(), 0)
            .map(HostPort::host)
            .map(IpAddress::parse)
            .ifPresent(addresses::add);
      }
    }
    return addresses;
  }

  /** What every member tells, by node id; each row is read once. */
  Map<String, MemberRow> rows() {
    Map<String, Read> now = new HashMap<>();
    Map<String, MemberRow> rows = new HashMap<>();
    for (OwnedTable.Row row : table.rows()) {
      Read before = read.get(row.node());
      Read its = before != null && before.json().equals(row.json()) ? before : read(row);
      now.put(row.node(), its);
      if (its.row() != null) {
        rows.put(row.node(), its.row());
      }
    }
    read = now;
    return rows;
  }

  private Read read(OwnedTable.Row row) {
    try {
      return new Read(row.json(), Json.read(row.json(), MemberRow.class));
    } catch (WeftException e) {
      log.warn("subnet record of node {} ignored: {}", cluster.name(row.node()), e.getMessage());
      return new Read(row.json(), null);
    }
  }

  private Optional<Wanted.Peer> peer(String node, MemberRow row, List<Cidr> hosts) {
    boolean guest = row.subnet() == null && !hosts.isEmpty();
    if (node.equals(cluster.self()) || (row.subnet() == null && !guest)) {
      return Optional.empty();
    }
    PacketCarrier carrier = carrier(node, row);
    if (carrier == PacketCarrier.NONE
        || (carrier != PacketCarrier.MESH && row.endpoint() == null)) {
      return Optional.empty();
    }
    boolean leased =
        guest || keeper.find(row.subnet()).filter(lease -> lease.holder().equals(node)).isPresent();
    if (!leased) {
      return Optional.empty();
    }
    try {
      Cidr subnet = guest ? hosts.get(0) : range.check(row.subnet());
      return Optional.of(
          new Wanted.Peer(
              node,
              keeper.nameOf(node),
              subnet,
              guest
                  ? Optional.empty()
                  : second
                      .flatMap(r -> r.part(subnet))
                      .filter(p -> p.toString().equals(row.subnet6())),
              guest ? hosts.subList(1, hosts.size()) : hosts,
              carrier,
              carrier == PacketCarrier.WIREGUARD
                  ? new Wanted.WireguardOffer(
                      List.copyOf(row.wireguard()), row.sendsBy(), self.mesh() && row.mesh())
                  : null,
              row.endpoint() == null ? null : IpAddress.parse(row.endpoint()),
              row.mtu()));
    } catch (IllegalArgumentException | WeftException e) {
      // As long as members differ in subnets.cidr or prefix, which the health says.
      log.debug("subnet record of node {} ignored: {}", cluster.name(node), e.getMessage());
      return Optional.empty();
    }
  }

  private boolean isOutpost(String node) {
    return cluster.member(node).filter(Member::outpost).isPresent();
  }

  /** This node's part of the second range. */
  Optional<Cidr> second() {
    return second.flatMap(r -> keeper.subnet().flatMap(r::part));
  }

  /** By node id, the pods of which members say that they answer. */
  Map<String, InetAddress> witnesses() {
    Map<String, InetAddress> witnesses = new HashMap<>();
    rows()
        .forEach(
            (node, row) -> {
              if (row.witness() != null && row.subnet() != null) {
                // Nobody has requests sent to elsewhere than its own subnet.
                IpAddress.find(row.witness())
                    .filter(at -> Cidr.find(row.subnet()).filter(in -> in.contains(at)).isPresent())
                    .ifPresent(at -> witnesses.put(node, at));
              }
            });
    return witnesses;
  }

  /** Whether nothing new is known of a member that packets still go to. */
  boolean isAway(String node) {
    return known.isAway(node);
  }

  /** Tells the others about this node, if anything has changed. */
  Future<Void> tell(Observed observed, Optional<InetAddress> witness) {
    boolean lost = keeper.subnet().isPresent() && !keeper.held() && !used.isEmpty();
    WireguardSeen seen = observed.wireguard();
    MemberRow row =
        new MemberRow(
            keeper.held() ? keeper.subnet().map(Cidr::toString).orElse(null) : null,
            keeper.held() && !observed.troubles().containsKey(Trouble.SECOND)
                ? second().map(Cidr::toString).orElse(null)
                : null,
            observed.endpoint() == null || cluster.outpost()
                ? null
                : IpAddress.format(observed.endpoint()),
            SubnetNames.overlayMac(cluster.self()),
            observed.mtu(),
            MemberRow.word(self.asked()),
            self.mesh(),
            self.wireguard() ? Objects.requireNonNullElse(seen.keys(), List.of()) : null,
            seen.sendsBy(),
            lost ? used.stream().map(IpAddress::format).sorted().limit(Guests.MOST).toList() : null,
            guests.isEmpty() ? null : guests,
            witness.map(IpAddress::format).orElse(null));
    if (row.equals(told)) {
      return Future.succeededFuture();
    }
    return table.put("", Json.write(row)).onSuccess(v -> told = row);
  }
}

package dev.weft.node;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.cluster.Cluster;
import dev.weft.mesh.MemberAddresses;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.MeshLink;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whom this node asks how they see its UDP port: STUN servers of the configuration, nodes that it
 * links to, and members.
 */
final class NatNeighbours {
  /** Names are looked up again after so many times. */
  private static final int LOOK_UPS_EVERY = 60;

  private final Vertx vertx;
  private final Cluster cluster;
  private final MemberAddresses addresses;
  private final Mesh mesh;
  private final List<HostPort> configured;
  private volatile List<InetSocketAddress> members = List.of();
  private volatile List<InetSocketAddress> resolved = List.of();
  private int asked;

  /**
   * @param configured STUN servers by name or address
   */
  NatNeighbours(Vertx vertx, Cluster cluster, Mesh mesh, List<HostPort> configured) {
    this.vertx = vertx;
    this.cluster = cluster;
    this.addresses = new MemberAddresses(cluster);
    this.mesh = mesh;
    this.configured = configured;
  }

  /** The ports of other members, as last seen by {@link #servers}. */
  List<InetSocketAddress> members() {
    return members;
  }

  /** All that can be asked, the same order as long as nothing changes. */
  Future<List<InetSocketAddress>> servers() {
    members = readMembers();
    Future<List<InetSocketAddress>> named =
        asked++ % LOOK_UPS_EVERY == 0 ? lookUp() : Future.succeededFuture(resolved);
    return Future.all(named, mesh.links())
        .map(
            all ->
                Stream.of(named.result(), linked(all.resultAt(1)), members)
                    .flatMap(List::stream)
                    .distinct()
                    .toList());
  }

  /** In an order of this node's own, so that not all nodes ask the same members. */
  private List<InetSocketAddress> readMembers() {
    String self = cluster.self();
    return addresses.all().entrySet().stream()
        .filter(member -> !member.getValue().equals(self))
        .sorted(Comparator.comparingInt(member -> (self + member.getValue()).hashCode()))
        .flatMap(member -> address(member.getKey()).stream())
        .filter(at -> at.getPort() > 0)
        .filter(at -> !at.getAddress().isLoopbackAddress())
        .toList();
  }

  private static Optional<InetSocketAddress> address(HostPort at) {
    return IpAddress.find(at.host()).map(ip -> new InetSocketAddress(ip, at.port()));
  }

  /** The nodes that this one dials; who dials it may be behind a NAT himself. */
  private static List<InetSocketAddress> linked(List<MeshLink> links) {
    return links.stream()
        .filter(link -> link.kind().equals("udp") && link.state().equals("up"))
        .filter(link -> !link.origin().equals("accepted"))
        .flatMap(link -> HostPort.parse(link.remote(), -1).stream())
        .flatMap(at -> address(at).stream())
        .sorted(Comparator.comparing(InetSocketAddress::toString))
        .toList();
  }

  private Future<List<InetSocketAddress>> lookUp() {
    return vertx
        .executeBlocking(
            () -> {
              List<InetSocketAddress> found = new ArrayList<>();
              for (HostPort server : configured) {
                try {
                  for (InetAddress address : InetAddress.getAllByName(server.host())) {
                    found.add(new InetSocketAddress(address, server.port()));
                  }
                } catch (UnknownHostException e) {
                  // Asked again later; netcheck shows who was asked.
                }
              }
              return List.copyOf(found);
            },
            false)
        .onSuccess(found -> resolved = found);
  }

  /** The addresses of this host that others may see. */
  Future<Set<InetAddress>> own() {
    return vertx.executeBlocking(NatNeighbours::readOwn, false);
  }

  private static Set<InetAddress> readOwn() throws SocketException {
    Set<InetAddress> own = new HashSet<>();
    for (NetworkInterface device : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      Collections.list(device.getInetAddresses()).stream()
          .filter(address -> !address.isLinkLocalAddress() && !address.isLoopbackAddress())
          .forEach(own::add);
    }
    return own;
  }
}

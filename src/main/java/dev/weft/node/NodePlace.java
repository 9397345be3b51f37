package dev.weft.node;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.dial.Rendezvous;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.MeshLink;
import dev.weft.reach.Nat;
import dev.weft.reach.UdpPort;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Where the node's UDP port may be reached: by this host, by STUN and routers, by linked nodes. */
final class NodePlace implements Rendezvous.Place {
  private static final int MOST_LOCAL = 8;

  private final Vertx vertx;
  private final UdpPort port;
  private final Mesh mesh;
  private final Supplier<? extends Nat> nat;
  private final Supplier<List<InetSocketAddress>> seen;
  private final List<Cidr> pods;

  /**
   * Looks anew each time it is asked.
   *
   * @param pods the ranges of pods' addresses: a path to one of them would lead through a tunnel,
   *     which would lead through the path
   * @param seen where other nodes see the port now
   */
  NodePlace(
      Vertx vertx,
      UdpPort port,
      Mesh mesh,
      Supplier<? extends Nat> nat,
      Supplier<List<InetSocketAddress>> seen,
      List<Cidr> pods) {
    this.pods = pods;
    this.vertx = vertx;
    this.port = port;
    this.mesh = mesh;
    this.nat = nat;
    this.seen = seen;
  }

  @Override
  public boolean symmetric() {
    return nat.get().behaviour().symmetric();
  }

  @Override
  public boolean mayLeadTo(InetAddress address) {
    return pods.stream().noneMatch(range -> range.contains(address));
  }

  @Override
  public Future<List<InetSocketAddress>> candidates() {
    InetSocketAddress bound = port.address();
    Future<List<InetSocketAddress>> local =
        bound.getAddress().isAnyLocalAddress()
            ? vertx.executeBlocking(() -> ofHost(bound), false)
            : Future.succeededFuture(List.of(bound));
    Future<List<MeshLink>> links = mesh.links().otherwise(List.of());
    return Future.all(local, links)
        .map(
            all ->
                Stream.of(
                        seen.get().stream(),
                        nat.get().publicAddresses().stream(),
                        local.result().stream(),
                        links.result().stream().flatMap(link -> seen(link).stream()))
                    .flatMap(addresses -> addresses)
                    .filter(at -> mayLeadTo(at.getAddress()))
                    .distinct()
                    .toList());
  }

  /** How the other end of a link sees the port from which all udp links are dialled. */
  private static Optional<InetSocketAddress> seen(MeshLink link) {
    boolean dialled = link.kind().equals("udp") && !link.origin().equals("accepted");
    return dialled && link.seenFrom() != null
        ? HostPort.parse(link.seenFrom(), -1)
            .flatMap(
                at -> IpAddress.find(at.host()).map(ip -> new InetSocketAddress(ip, at.port())))
        : Optional.empty();
  }

  private List<InetSocketAddress> ofHost(InetSocketAddress bound) throws SocketException {
    boolean four = bound.getAddress() instanceof Inet4Address;
    List<InetSocketAddress> all = new ArrayList<>();
    for (NetworkInterface device : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      if (device.isUp() && !device.isLoopback()) {
        for (InetAddress address : Collections.list(device.getInetAddresses())) {
          if (!address.isLinkLocalAddress()
              && mayLeadTo(address)
              && (!four || address instanceof Inet4Address)) {
            all.add(new InetSocketAddress(address, bound.getPort()));
          }
        }
      }
    }
    return all.subList(0, Math.min(all.size(), MOST_LOCAL));
  }
}

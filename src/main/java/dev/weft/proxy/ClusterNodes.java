package dev.weft.proxy;

import dev.weft.address.HostPort;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.identity.NodeId;
import dev.weft.mesh.MemberAddresses;
import dev.weft.proxy.forward.KnownNodes;
import java.util.List;
import java.util.Optional;

/** The members of the cluster, as the proxies see them. */
public final class ClusterNodes implements KnownNodes {
  private final Cluster cluster;
  private final MemberAddresses addresses;

  public ClusterNodes(Cluster cluster) {
    this.cluster = cluster;
    this.addresses = new MemberAddresses(cluster);
  }

  @Override
  public NodeId self() {
    return new NodeId(cluster.self());
  }

  @Override
  public Optional<NodeId> named(String nameOrId) {
    if (nameOrId.matches("[0-9a-f]{16}")) {
      return Optional.of(new NodeId(nameOrId));
    }
    List<NodeId> named =
        cluster.members().stream()
            .filter(member -> member.name().equalsIgnoreCase(nameOrId))
            .map(member -> new NodeId(member.id()))
            .toList();
    return named.size() == 1 ? Optional.of(named.get(0)) : Optional.empty();
  }

  @Override
  public Optional<NodeId> at(HostPort address) {
    return Optional.ofNullable(addresses.all().get(address))
        .or(
            () ->
                cluster.members().stream()
                    .filter(member -> address.equals(grpc(member)))
                    .map(Member::id)
                    .findFirst())
        .map(NodeId::new);
  }

  /** The member whose UDP port an address is. */
  public Optional<NodeId> udpAt(HostPort address) {
    return Optional.ofNullable(addresses.all().get(address)).map(NodeId::new);
  }

  private static HostPort grpc(Member member) {
    return Optional.ofNullable(member.grpc())
        .flatMap(text -> HostPort.parse(text, -1))
        .map(HostPort::canonical)
        .orElse(null);
  }

  @Override
  public boolean isMember(NodeId node) {
    return cluster.member(node.value()).isPresent();
  }
}

package dev.weft.cluster;

import dev.weft.config.HostPort;
import dev.weft.identity.AddressBook;
import dev.weft.identity.NodeId;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which node must be behind an event bus address, from the members' verified records. */
final class BusAddresses implements AddressBook {
  private volatile Map<String, NodeId> nodeByAddress = Map.of();

  void set(Collection<Member> members) {
    nodeByAddress =
        members.stream()
            .filter(m -> m.bus() != null)
            .collect(
                Collectors.toUnmodifiableMap(
                    Member::bus, m -> new NodeId(m.id()), (first, second) -> first));
  }

  @Override
  public Optional<NodeId> nodeAt(String host, int port) {
    return Optional.ofNullable(nodeByAddress.get(new HostPort(host, port).toString()));
  }
}

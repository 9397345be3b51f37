package dev.weft.cluster;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Which node must be behind an event bus address, from the members' verified records. */
final class AddressBook implements Function<String, Optional<String>> {
  private volatile Map<String, String> nodeByAddress = Map.of();

  void set(Collection<Member> members) {
    nodeByAddress =
        members.stream()
            .collect(Collectors.toUnmodifiableMap(Member::bus, Member::id, (a, b) -> a));
  }

  @Override
  public Optional<String> apply(String hostPort) {
    return Optional.ofNullable(nodeByAddress.get(hostPort));
  }
}

package dev.weft.wire;

import dev.weft.linux.Capability;
import dev.weft.telemetry.Health;
import java.util.List;
import java.util.Set;

/** What the kernel must allow before wires can be made. */
final class WireNeeds {
  private record Need(Capability capability, String what) {}

  private static final List<Need> NEEDS =
      List.of(
          new Need(Capability.CAP_NET_ADMIN, "make veth pairs"),
          new Need(Capability.CAP_NET_RAW, "open packet sockets"),
          new Need(Capability.CAP_SYS_ADMIN, "enter pods' network namespaces"));

  private WireNeeds() {}

  /** Names of the missing capabilities, as in capabilities(7). */
  static List<String> lacking(Set<Capability> effective) {
    return NEEDS.stream()
        .map(Need::capability)
        .filter(c -> !effective.contains(c))
        .map(Enum::name)
        .toList();
  }

  /** One health warning for each missing capability. */
  static void report(List<String> lacking, Health health) {
    for (Need need : NEEDS) {
      String name = need.capability().name();
      if (lacking.contains(name)) {
        health.raise(
            new Health.Warning(
                WireVerticle.ROOM,
                name.toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                "this process lacks " + name + ": it cannot " + need.what(),
                "wires of this node wait",
                "run the node as root, or give it the capability (AmbientCapabilities= in the"
                    + " systemd unit)"));
      }
    }
  }
}

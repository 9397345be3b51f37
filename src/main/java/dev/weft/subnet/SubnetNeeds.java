package dev.weft.subnet;

import dev.weft.linux.Capability;
import dev.weft.telemetry.Health;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What the kernel must allow before routes and devices can be made. */
final class SubnetNeeds {
  private record Need(Capability capability, String what) {}

  private static final List<Need> NEEDS =
      List.of(
          new Need(Capability.CAP_NET_ADMIN, "make routes and devices"),
          new Need(Capability.CAP_SYS_ADMIN, "enter pods' network namespaces"));

  private SubnetNeeds() {}

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
                SubnetVerticle.ROOM,
                name.toLowerCase(Locale.ROOT).replace('_', '-'),
                "this process lacks " + name + ": it cannot " + need.what(),
                "this node makes no routes, no overlay and no pod interfaces; leases and addresses"
                    + " are given all the same",
                "run the node as root, or give it the capability (AmbientCapabilities= in the"
                    + " systemd unit)"));
      }
    }
  }
}

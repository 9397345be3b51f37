package dev.weft.nsm;

import dev.weft.linux.Capability;
import dev.weft.telemetry.Health;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What must be there before connections can be made. */
final class NsmNeeds {
  private NsmNeeds() {}

  /** Names of the missing capabilities, as in capabilities(7). */
  static List<String> lacking(Set<Capability> effective) {
    return Stream.of(Capability.CAP_NET_ADMIN, Capability.CAP_SYS_ADMIN)
        .filter(c -> !effective.contains(c))
        .map(Enum::name)
        .toList();
  }

  static void reportLacking(List<String> lacking, Health health) {
    if (!lacking.isEmpty()) {
      health.raise(
          new Health.Warning(
              NsmVerticle.ROOM,
              "capabilities",
              "this process lacks " + String.join(", ", lacking),
              "network services of this node: every request is refused",
              "run the node as root, or give it the capabilities (AmbientCapabilities= in the"
                  + " systemd unit)"));
    }
  }

  static void reportSockets(String path, String why, Health health) {
    health.raise(
        new Health.Warning(
            NsmVerticle.ROOM,
            "sockets",
            "no sockets under " + path + ": " + why,
            "network services: no pod of this node can ask or advertise",
            "make the directory writable for the node, or set nsm.sockets to one of its own"));
  }
}

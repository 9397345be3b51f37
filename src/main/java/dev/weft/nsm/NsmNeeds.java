package dev.weft.nsm;

import dev.weft.linux.Capability;
import dev.weft.pod.PodRef;
import dev.weft.telemetry.CapabilityNeeds;
import dev.weft.telemetry.Health;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What must be there before connections can be made. */
final class NsmNeeds {
  static final CapabilityNeeds CAPABILITIES =
      new CapabilityNeeds(
          NsmVerticle.ROOM,
          "network services of this node: every request is refused",
          List.of(
              new CapabilityNeeds.Need(Capability.CAP_NET_ADMIN, "make interfaces and routes"),
              new CapabilityNeeds.Need(
                  Capability.CAP_SYS_ADMIN, "enter pods' network namespaces")));

  private NsmNeeds() {}

  static void reportUnserved(Map<PodRef, String> unserved, Health health) {
    String pods =
        unserved.entrySet().stream()
            .map(pod -> pod.getKey() + ": " + pod.getValue())
            .collect(Collectors.joining("; "));
    health.show(
        !unserved.isEmpty(),
        new Health.Warning(
            NsmVerticle.ROOM,
            "pod-sockets",
            "no socket for pods " + pods,
            "network services: these pods cannot request any",
            "take away what is in the place of their sockets; the node tries again every 5 s"));
  }

  static void reportSockets(String path, String why, Health health) {
    health.raise(
        new Health.Warning(
            NsmVerticle.ROOM,
            "sockets",
            "no sockets under " + path + ": " + why,
            "network services: no pod of this node can request or advertise a service",
            "make the directory writable for the node, or set nsm.sockets to one of its own"));
  }
}

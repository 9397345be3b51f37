package dev.weft.node;

import dev.weft.cluster.Cluster;
import dev.weft.identity.CertificateFiles;
import dev.weft.telemetry.Health;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The meters that tell of a node as a whole: what it is, whether it is well, who is with it. */
final class NodeMeters {
  private NodeMeters() {}

  /**
   * @param certificates in use, whose ends are shown by their role
   */
  static void register(
      MeterRegistry registry,
      Health health,
      Cluster cluster,
      List<? extends CertificateFiles> certificates) {
    // The name as Micrometer wants it of an info metric: weft_build_info.
    Gauge.builder("weft.build.info", () -> 1)
        .description("The program and the Java that it runs on; always 1")
        .tag("version", Version.current())
        .tag("java", System.getProperty("java.version"))
        .register(registry);
    gauge(
        registry,
        "weft_ready",
        "1 if every part of the node works, if only with something lacking; else 0, as /readyz",
        health,
        h -> h.rooms().stream().allMatch(NodeMeters::works) ? 1 : 0);
    gauge(
        registry,
        "weft_health_warnings",
        "What is wrong with the node or lacking, as weft status tells it",
        health,
        h -> h.rooms().stream().mapToInt(r -> r.warnings().size()).sum());
    gauge(
        registry,
        "weft_members",
        "Live members of the cluster, this one among them",
        cluster,
        c -> c.members().size());
    gauge(
        registry,
        "weft_members_away",
        "Nodes that were members and are away, and were not forgotten",
        cluster,
        c -> c.away().size());
    for (CertificateFiles.Role role : CertificateFiles.Role.values()) {
      Gauge.builder("weft_certificate_expiry_timestamp", certificates, c -> expiry(c, role))
          .description("When the first certificate in use of a role expires, Unix time")
          .tag("role", role.name().toLowerCase(Locale.ROOT).replace('_', '-'))
          .baseUnit("seconds")
          .strongReference(true)
          .register(registry);
    }
  }

  private static boolean works(Health.Room room) {
    return room.state() == Health.State.READY || room.state() == Health.State.DEGRADED;
  }

  /** Not a number if there is no certificate of the role. */
  private static double expiry(
      List<? extends CertificateFiles> certificates, CertificateFiles.Role role) {
    return certificates.stream()
        .flatMap(source -> source.inUse().stream())
        .filter(used -> used.role() == role)
        .map(used -> used.info().notAfter())
        .min(Instant::compareTo)
        .map(end -> (double) end.getEpochSecond())
        .orElse(Double.NaN);
  }

  private static <T> void gauge(
      MeterRegistry registry, String name, String about, T of, ToDoubleFunction<T> value) {
    Gauge.builder(name, of, value).description(about).strongReference(true).register(registry);
  }
}

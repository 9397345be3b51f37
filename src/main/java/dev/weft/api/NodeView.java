package dev.weft.api;

import dev.weft.cluster.Member;
import dev.weft.telemetry.Health;
import java.time.Instant;
import java.util.List;

/**
 * A member, and what it says of its health.
 *
 * @param self whether it is the node that answers
 * @param state null if it was not asked or did not answer
 */
record NodeView(
    String id,
    String name,
    String version,
    String grpc,
    String bus,
    String http,
    long epoch,
    Instant startedAt,
    boolean self,
    String state,
    List<Health.Warning> warnings) {

  /**
   * @param status null if the member was not asked or did not answer
   */
  static NodeView of(Member m, boolean self, NodeStatus status) {
    return new NodeView(
        m.id(),
        m.name(),
        m.version(),
        m.grpc(),
        m.bus(),
        m.http(),
        m.epoch(),
        Instant.ofEpochSecond(m.startedAt()),
        self,
        status == null ? null : status.state(),
        status == null ? null : status.warnings());
  }
}

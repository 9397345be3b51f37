package dev.weft.api;

import dev.weft.telemetry.Health;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A node and what it lacks.
 *
 * @param state that of its worst room
 */
public record NodeStatus(
    String id,
    String name,
    String version,
    long epoch,
    Instant startedAt,
    String state,
    List<Room> rooms) {
  /** The state of a node that lacks nothing. */
  static final String WELL = word(Health.State.READY);

  /**
   * A room and its warnings.
   *
   * @param state {@code starting}, {@code ready}, {@code degraded} or {@code failed}
   */
  public record Room(String name, String state, List<Health.Warning> warnings) {}

  static NodeStatus of(NodeInfo node, Health health) {
    List<Health.Room> rooms = health.rooms();
    Health.State worst =
        rooms.stream()
            .map(Health.Room::state)
            .max(Comparator.comparingInt(NodeStatus::weight))
            .orElse(Health.State.STARTING);
    return new NodeStatus(
        node.id(),
        node.name(),
        node.version(),
        node.epoch(),
        node.startedAt(),
        word(worst),
        rooms.stream().map(r -> new Room(r.name(), word(r.state()), r.warnings())).toList());
  }

  List<Health.Warning> warnings() {
    return rooms.stream().flatMap(r -> r.warnings().stream()).toList();
  }

  private static int weight(Health.State state) {
    return switch (state) {
      case READY -> 0;
      case DEGRADED -> 1;
      case STARTING -> 2;
      case FAILED -> 3;
    };
  }

  private static String word(Health.State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}

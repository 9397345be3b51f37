package dev.weft.api;

import dev.weft.bus.Fact;
import dev.weft.telemetry.Health;
import java.util.List;

/** What works on a node, or what is wrong with it, has changed. */
public record HealthChanged(String node, String state, List<String> warnings) implements Fact {
  static HealthChanged of(NodeStatus status) {
    return new HealthChanged(
        status.name(),
        status.state(),
        status.warnings().stream().map(Health.Warning::text).toList());
  }

  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    String what = "node " + node + " is " + state;
    return warnings.isEmpty() ? what : what + ": " + String.join("; ", warnings);
  }

  @Override
  public Severity severity() {
    return switch (state) {
      case "failed" -> Severity.ERROR;
      case "degraded" -> Severity.WARNING;
      default -> Severity.INFO;
    };
  }
}

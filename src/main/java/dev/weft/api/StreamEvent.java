package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.telemetry.EventLog;
import java.time.Instant;
import java.util.Locale;

/**
 * A fact as a reader gets it.
 *
 * @param id {@code EPOCH-NUMBER} in the log of the node where it happened
 * @param node where it happened
 * @param data the fact itself
 */
public record StreamEvent(
    String id,
    String node,
    Instant time,
    String kind,
    String severity,
    String subject,
    String text,
    JsonNode data) {

  static StreamEvent of(EventLog.Entry entry, NodeInfo node) {
    return new StreamEvent(
        node.epoch() + "-" + entry.id(),
        node.id(),
        entry.time(),
        entry.kind(),
        entry.severity().name().toLowerCase(Locale.ROOT),
        entry.subject(),
        entry.text(),
        Json.mapper().valueToTree(entry.data()));
  }
}

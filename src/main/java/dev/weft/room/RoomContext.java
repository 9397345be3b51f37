package dev.weft.room;

import dev.weft.bus.Bus;
import dev.weft.cluster.Cluster;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import java.time.Clock;

/** What a node gives to each of its rooms. */
public record RoomContext(
    Bus bus, Cluster cluster, Store store, Health health, Metrics metrics, Clock clock) {

  /** This node's id. */
  public String self() {
    return cluster.self();
  }
}

package dev.weft.node;

import dev.weft.store.DataDirectory;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Shows in the health that the disk with this node's data is too full. */
final class DiskWatch {
  private static final String ROOM = "store";
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final Health health;
  private final Path data;
  private long timer;

  DiskWatch(Vertx vertx, Health health, Path data) {
    this.vertx = vertx;
    this.health = health;
    this.data = data;
  }

  void start() {
    health.state(ROOM, Health.State.READY);
    look();
    timer =
        vertx.setPeriodic(
            LOOK_EVERY.toMillis(), id -> vertx.<Void>executeBlocking(this::look, false));
  }

  Future<Void> close() {
    vertx.cancelTimer(timer);
    return Future.succeededFuture();
  }

  private Void look() {
    Optional<String> tooFull;
    try {
      tooFull = DataDirectory.tooFull(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    health.show(
        tooFull.isPresent(),
        new Health.Warning(
            ROOM,
            "disk-full",
            "node.data: " + data + ": " + tooFull.orElse(""),
            "changes that cannot be written are refused; the node would not start again",
            "make room there; the node goes on by itself"));
    return null;
  }
}

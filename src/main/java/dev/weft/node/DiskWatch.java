package dev.weft.node;

import dev.weft.store.DataDirectory;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;

/** Shows in the health that the disk with this node's data is too full. */
final class DiskWatch {
  private static final String ROOM = "store";
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final Health health;
  private final Path data;
  private boolean full;
  private volatile boolean closed;

  DiskWatch(Vertx vertx, Health health, Path data) {
    this.vertx = vertx;
    this.health = health;
    this.data = data;
  }

  void start() {
    health.state(ROOM, Health.State.READY);
    lookAgain();
  }

  Future<Void> close() {
    closed = true;
    return Future.succeededFuture();
  }

  /** Not before the last look has ended: on a disk that hangs it waits. */
  private void lookAgain() {
    vertx
        .executeBlocking(this::look)
        .onComplete(
            done -> {
              if (!closed) {
                vertx.setTimer(LOOK_EVERY.toMillis(), id -> lookAgain());
              }
            });
  }

  private Void look() {
    // Twice as much has to be there again, or the warning would come and go.
    full = DataDirectory.free(data) < (full ? 2 : 1) * DataDirectory.LEAST_FREE;
    health.show(
        full,
        new Health.Warning(
            ROOM,
            "disk-full",
            "node.data: %s: less than %d MiB free on its disk"
                .formatted(data, DataDirectory.LEAST_FREE >> 20),
            "changes that cannot be written are refused; the node would not start again",
            "make room there; the node goes on by itself"));
    return null;
  }
}

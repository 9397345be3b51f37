package dev.weft.mesh;

import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.room.Backoff;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Keeps one link: dials it, and again whenever it has ended. On the mesh's loop. */
final class LinkKeeper {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  /** What the keeper tells. */
  interface Watcher {
    /** It stands; the watcher owns it and says {@link #ended} when it is over. */
    void dialled(LinkKeeper keeper, Transport transport);

    void failed(LinkKeeper keeper, String reason);
  }

  private final Loop loop;
  private final LinkKind kind;
  private final MeshConfig.Link link;
  private final Watcher watcher;
  private final Backoff backoff;
  private ScheduledFuture<?> again;
  private Future<Transport> dialling = Future.succeededFuture();
  private boolean closed;

  LinkKeeper(
      Loop loop, LinkKind kind, MeshConfig.Link link, RandomGenerator random, Watcher watcher) {
    this.loop = loop;
    this.kind = kind;
    this.link = link;
    this.watcher = watcher;
    this.backoff = new Backoff(Backoff.FIRST, LONGEST_WAIT, random);
  }

  MeshConfig.Link link() {
    return link;
  }

  void dial() {
    if (closed) {
      return;
    }
    dialling = attempt();
    dialling.onComplete(
        result ->
            loop.run(
                () -> {
                  if (result.failed()) {
                    failed(WeftException.of(result.cause()).getMessage());
                  } else if (closed) {
                    result.result().close("the link is not wanted any more");
                  } else {
                    watcher.dialled(this, result.result());
                  }
                }));
  }

  /** A kind that throws has failed to dial, too: it is tried again. */
  private Future<Transport> attempt() {
    try {
      return kind.dial(link);
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  /** The link carried frames: the next wait is the first one again. */
  void carried() {
    backoff.succeeded();
  }

  /** The link has ended; it is dialled again after a while. */
  void ended(String reason) {
    failed(reason);
  }

  private void failed(String reason) {
    if (closed) {
      return;
    }
    watcher.failed(this, reason);
    again = loop.netty().schedule(this::dial, backoff.failed().toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Dials no more; done once no dialling is under way. */
  Future<Void> close() {
    closed = true;
    if (again != null) {
      again.cancel(false);
    }
    return dialling.transform(done -> Future.succeededFuture());
  }
}

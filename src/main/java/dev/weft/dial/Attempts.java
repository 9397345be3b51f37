package dev.weft.dial;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.Loop;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Connects by the first of several ways that answers. A way has a head start; then, or at once if
 * it fails, the next one is tried beside it. A connection that comes too late is closed.
 */
final class Attempts {
  /** As between addresses in RFC 8305, 5. */
  static final Duration HEAD_START = Duration.ofMillis(250);

  /** Runs something later, on any thread. */
  interface Timer {
    void after(Duration delay, Runnable work);
  }

  private final String node;
  private final Loop on;
  private final List<Way> ways;
  private final Timer timer;
  private final BiConsumer<Way, Throwable> ended;
  private final Promise<Reached> result = Promise.promise();
  private final List<WeftException> failures = new ArrayList<>();
  private int begun;

  /**
   * @param ways in the order of trying, at least one
   * @param ended told of each attempt that has ended, with null or the failure
   */
  Attempts(String node, Loop on, List<Way> ways, Timer timer, BiConsumer<Way, Throwable> ended) {
    this.node = node;
    this.on = on;
    this.ways = ways;
    this.timer = timer;
    this.ended = ended;
  }

  /** Fails if all ways have. */
  Future<Reached> run() {
    next(0);
    return result.future();
  }

  private void next(int number) {
    synchronized (this) {
      if (number != begun || number == ways.size() || result.future().isComplete()) {
        return;
      }
      begun++;
    }
    Way way = ways.get(number);
    Future<RpcConnection> connecting;
    try {
      connecting = way.connect(node, on).map(c -> c);
    } catch (RuntimeException e) {
      connecting = Future.failedFuture(e);
    }
    connecting.onComplete(done -> onEnded(number, way, done));
    if (number + 1 < ways.size() && !connecting.isComplete()) {
      timer.after(HEAD_START, () -> next(number + 1));
    }
  }

  private void onEnded(int number, Way way, AsyncResult<RpcConnection> done) {
    ended.accept(way, done.cause());
    if (done.succeeded()) {
      if (!result.tryComplete(new Reached(way, done.result()))) {
        done.result().close();
      }
      return;
    }
    boolean all;
    synchronized (this) {
      failures.add(WeftException.of(done.cause()));
      all = failures.size() == ways.size();
    }
    if (all) {
      result.tryFail(failure());
    } else {
      next(number + 1);
    }
  }

  private WeftException failure() {
    return failures.size() == 1
        ? failures.get(0)
        : Fault.UNAVAILABLE.because(
            failures.stream().map(Throwable::getMessage).collect(Collectors.joining("; ")));
  }
}

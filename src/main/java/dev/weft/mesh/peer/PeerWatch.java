package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** Who waits for the list of peers to change. For one thread. */
final class PeerWatch {
  /** Calls that wait, at most. */
  static final int MOST_WAITING = 1024;

  private final LongFunction<PeerList> list;
  private List<Promise<PeerList>> waiting = new ArrayList<>();
  private long version = 1;
  private WeftException ended;

  /**
   * @param list makes the list of a version
   */
  PeerWatch(LongFunction<PeerList> list) {
    this.list = list;
  }

  /**
   * The list.
   *
   * @param seen the version that the caller has seen, 0 for none
   * @return at once if there is another, else when something changes; fails with EXHAUSTED if too
   *     many wait
   */
  Future<PeerList> list(long seen) {
    if (ended != null) {
      return Future.failedFuture(ended);
    }
    if (seen != version) {
      return Future.succeededFuture(list.apply(version));
    }
    if (waiting.size() >= MOST_WAITING) {
      return Future.failedFuture(
          Fault.EXHAUSTED.because("calls that wait for peers: more than " + MOST_WAITING));
    }
    Promise<PeerList> next = Promise.promise();
    waiting.add(next);
    return next.future();
  }

  /** Something has changed. */
  void changed() {
    version++;
    if (waiting.isEmpty()) {
      return;
    }
    List<Promise<PeerList>> told = waiting;
    waiting = new ArrayList<>();
    PeerList now = list.apply(version);
    told.forEach(next -> next.complete(now));
  }

  void end(WeftException why) {
    ended = why;
    waiting.forEach(next -> next.fail(why));
    waiting.clear();
  }
}

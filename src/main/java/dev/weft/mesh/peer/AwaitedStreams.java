package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.stream.PeerStream;
import dev.weft.mesh.stream.Proxies;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Brings together streams that the other end opens and the messages that tell of them; either may
 * come first: a message may wait behind others in a channel. Who has waited for a minute for the
 * other waits no longer. For one thread.
 */
final class AwaitedStreams {
  /** Streams that nobody has asked for beyond so many are reset. */
  static final int MOST_UNCLAIMED = 256;

  /** Streams that have been told of and have not arrived, at most. */
  static final int MOST_MISSING = 1024;

  static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(Proxies.PATIENCE_MILLIS);

  private record Unclaimed(PeerStream stream, long since) {}

  private record Missing(Promise<PeerStream> stream, long since) {}

  // Insertion order is the order of time.
  private final Map<Long, Unclaimed> unclaimed = new LinkedHashMap<>();
  private final Map<Long, Missing> missing = new LinkedHashMap<>();
  private WeftException ended;

  /** A stream has arrived; nobody reads it yet. */
  void arrived(PeerStream stream, long now) {
    Missing asked = missing.remove(stream.id());
    if (asked != null) {
      asked.stream().complete(stream);
    } else if (unclaimed.size() >= MOST_UNCLAIMED) {
      stream.reset();
    } else {
      unclaimed.put(stream.id(), new Unclaimed(stream, now));
    }
  }

  /** A stream is asked for. */
  Future<PeerStream> claim(long id, long now) {
    Unclaimed there = unclaimed.remove(id);
    if (there != null) {
      return Future.succeededFuture(there.stream());
    }
    if (ended != null) {
      return Future.failedFuture(ended);
    }
    if (missing.size() >= MOST_MISSING) {
      return Future.failedFuture(
          Fault.EXHAUSTED.because("streams that have not arrived: more than " + MOST_MISSING));
    }
    Promise<PeerStream> stream = Promise.promise();
    if (missing.putIfAbsent(id, new Missing(stream, now)) != null) {
      return Future.failedFuture(Fault.invalid("stream", id, "one that is not asked for yet"));
    }
    return stream.future();
  }

  /** The other end broke off a stream that nobody has asked for. */
  void gone(long id) {
    unclaimed.remove(id);
  }

  /** When {@link #expire} has something to do; {@link Long#MAX_VALUE} for never. */
  long deadline() {
    long deadline = Long.MAX_VALUE;
    if (!unclaimed.isEmpty()) {
      deadline = unclaimed.values().iterator().next().since() + WAIT_NANOS;
    }
    if (!missing.isEmpty()) {
      deadline = Math.min(deadline, missing.values().iterator().next().since() + WAIT_NANOS);
    }
    return deadline;
  }

  /** Does what is due. */
  void expire(long now) {
    for (Iterator<Unclaimed> i = unclaimed.values().iterator(); i.hasNext(); ) {
      Unclaimed oldest = i.next();
      if (now - oldest.since() < WAIT_NANOS) {
        break;
      }
      i.remove();
      oldest.stream().reset();
    }
    while (!missing.isEmpty()) {
      Map.Entry<Long, Missing> oldest = missing.entrySet().iterator().next();
      if (now - oldest.getValue().since() < WAIT_NANOS) {
        break;
      }
      missing.remove(oldest.getKey());
      oldest.getValue().stream()
          .fail(Fault.TIMEOUT.because("stream " + oldest.getKey() + ": not there within a minute"));
    }
  }

  /** The connection is over. */
  void end(WeftException why) {
    ended = why;
    unclaimed.clear();
    while (!missing.isEmpty()) {
      missing.remove(missing.keySet().iterator().next()).stream().fail(why);
    }
  }
}

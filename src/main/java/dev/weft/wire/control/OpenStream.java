package dev.weft.wire.control;

import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.Driver;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.WireEnd;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Optional;
import java.util.stream.Stream;

/** A stream to a wire's peer, and the driver that reads frames into it. */
public final class OpenStream {
  private final FrameSink sink;
  private final Lane lane;

  /** The peer, if it is on this node; null otherwise. */
  private final OtherEnd far;

  private Driver.Handle reading = Future::succeededFuture;

  public OpenStream(FrameSink sink, Lane lane) {
    this(sink, lane, null);
  }

  OpenStream(FrameSink sink, Lane lane, OtherEnd far) {
    this.sink = sink;
    this.lane = lane;
    this.far = far;
  }

  /** The peer, if it is on this node. */
  Optional<PodEnd> far() {
    return Optional.ofNullable(far).map(OtherEnd::end);
  }

  /** Done when frames go no further, in one direction or the other. */
  Future<Void> ended() {
    Promise<Void> first = Promise.promise();
    Stream.ofNullable(far).map(OtherEnd::ended).forEach(ended -> tell(ended, first));
    tell(sink.ended(), first);
    return first.future();
  }

  private static void tell(Future<Void> ended, Promise<Void> first) {
    ended.onSuccess(first::tryComplete).onFailure(first::tryFail);
  }

  /** Reads the end's frames into the stream from now on. */
  public void start(DataPath path, WireEnd end) {
    reading = path.attach(end, sink, lane);
    if (far != null) {
      far.start();
    }
  }

  /** Completes, on any thread, when no thread reads the end's socket any more. */
  public Future<Void> close() {
    sink.close();
    Future<Void> stopped = reading.close();
    return far == null ? stopped : Future.join(stopped, far.close()).mapEmpty();
  }
}

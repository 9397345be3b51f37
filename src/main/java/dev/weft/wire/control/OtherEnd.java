package dev.weft.wire.control;

import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.Driver;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import io.vertx.core.Future;

/** The other end of a wire within this node, and the stream of its frames to the first end. */
final class OtherEnd {
  private final PodEnd end;
  private final FrameSink sink;
  private final Lane lane;
  private final DataPath path;
  private Driver.Handle reading = Future::succeededFuture;

  OtherEnd(PodEnd end, FrameSink sink, Lane lane, DataPath path) {
    this.end = end;
    this.sink = sink;
    this.lane = lane;
    this.path = path;
  }

  PodEnd end() {
    return end;
  }

  void start() {
    reading = path.attach(end.wireEnd(), sink, lane);
  }

  Future<Void> ended() {
    return sink.ended();
  }

  /** Completes, on any thread, when the end's socket is closed. */
  Future<Void> close() {
    sink.close();
    path.ends().remove(end.wireEnd());
    return reading.close().transform(done -> path.close(end.wireEnd()));
  }
}

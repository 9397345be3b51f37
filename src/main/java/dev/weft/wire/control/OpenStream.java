package dev.weft.wire.control;

import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.Driver;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.WireEnd;
import io.vertx.core.Future;

/** A stream to a wire's peer, and the driver that reads frames into it. */
public final class OpenStream {
  private final FrameSink sink;
  private final Lane lane;
  private Driver.Handle reading = Future::succeededFuture;

  public OpenStream(FrameSink sink, Lane lane) {
    this.sink = sink;
    this.lane = lane;
  }

  /** Reads the end's frames into the stream from now on. */
  public void start(DataPath path, WireEnd end) {
    reading = path.attach(end, sink, lane);
  }

  /** Completes, on any thread, when no thread reads the end's socket any more. */
  public Future<Void> close() {
    sink.close();
    return reading.close();
  }
}

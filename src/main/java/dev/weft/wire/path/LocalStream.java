package dev.weft.wire.path;

import dev.weft.bus.Fault;
import dev.weft.rpc.Caller;
import dev.weft.rpc.InStream;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;

/**
 * A stream whose other end is on this node: what is written is read at once, on the same loop. It
 * is never full, since an end drops what its link does not take.
 */
final class LocalStream implements OutStream, InStream {
  private final Loop loop;
  private final Caller caller;
  private final Promise<Void> ended = Promise.promise();
  private Reader reader;

  LocalStream(Loop loop, Caller caller) {
    this.loop = loop;
    this.caller = caller;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public boolean write(ByteBuf batch, Runnable drained) {
    try {
      if (!ended.future().isComplete()) {
        reader.onData(batch);
        reader.onPause();
      }
    } finally {
      batch.release();
    }
    return true;
  }

  @Override
  public void limitUnsent(int bytes) {
    // Nothing is unsent.
  }

  @Override
  public Future<Void> finish() {
    if (!ended.future().isComplete()) {
      reader.onEnd();
    }
    return ended.future();
  }

  @Override
  public Future<Void> ended() {
    return ended.future();
  }

  @Override
  public Caller caller() {
    return caller;
  }

  @Override
  public void read(Reader by) {
    reader = by;
  }

  @Override
  public void end(Buffer message) {
    ended.tryComplete();
  }

  @Override
  public void refuse(Fault fault, String why) {
    ended.tryFail(fault.because(why));
  }

  @Override
  public void abandon() {
    ended.tryComplete();
  }
}

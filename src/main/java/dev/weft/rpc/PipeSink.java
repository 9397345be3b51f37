package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.streams.WriteStream;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What goes out by a pipe over a channel. Any thread may call what a stream has; the handlers run
 * on the loop.
 */
public abstract class PipeSink implements WriteStream<Buffer> {
  private static final int LIMIT = 256 << 10;

  private final Loop loop;
  private final AtomicInteger unsent = new AtomicInteger();
  private volatile int limit = LIMIT;

  // The loop's.
  private Handler<Void> drainHandler;
  private Handler<Throwable> exceptionHandler;

  /**
   * @param loop the channel's
   */
  protected PipeSink(Loop loop) {
    this.loop = loop;
  }

  /** Writes bytes, which it takes; on the loop. */
  protected abstract ChannelFuture give(ByteBuf bytes);

  /** Ends this direction behind all that was written; on the loop. */
  protected abstract ChannelFuture finish();

  /** Nothing more gets out; on the loop. */
  protected final void fail(Throwable why) {
    if (exceptionHandler != null) {
      Handler<Throwable> failed = exceptionHandler;
      exceptionHandler = null;
      emit(failed, why);
    }
  }

  @Override
  public final Future<Void> write(Buffer data) {
    byte[] bytes = data.getBytes();
    unsent.addAndGet(bytes.length);
    Promise<Void> taken = Promise.promise();
    loop.runHere(
        () ->
            give(Unpooled.wrappedBuffer(bytes))
                .addListener(
                    (ChannelFuture done) -> {
                      unsent.addAndGet(-bytes.length);
                      done(done, taken);
                      drain();
                    }));
    return taken.future();
  }

  @Override
  public final Future<Void> end() {
    Promise<Void> taken = Promise.promise();
    loop.runHere(() -> finish().addListener((ChannelFuture done) -> done(done, taken)));
    return taken.future();
  }

  private void done(ChannelFuture done, Promise<Void> taken) {
    if (done.isSuccess()) {
      taken.complete();
    } else {
      taken.fail(done.cause());
      fail(done.cause());
    }
  }

  private void drain() {
    if (drainHandler != null && unsent.get() <= limit / 2) {
      Handler<Void> drained = drainHandler;
      drainHandler = null;
      emit(drained, null);
    }
  }

  private <T> void emit(Handler<T> to, T value) {
    ((ContextInternal) loop.context()).emit(value, to);
  }

  @Override
  public final boolean writeQueueFull() {
    return unsent.get() >= limit;
  }

  @Override
  public final PipeSink setWriteQueueMaxSize(int bytes) {
    limit = bytes;
    return this;
  }

  @Override
  public final PipeSink drainHandler(Handler<Void> drained) {
    loop.runHere(
        () -> {
          drainHandler = drained;
          drain();
        });
    return this;
  }

  @Override
  public final PipeSink exceptionHandler(Handler<Throwable> failed) {
    loop.runHere(() -> exceptionHandler = failed);
    return this;
  }
}

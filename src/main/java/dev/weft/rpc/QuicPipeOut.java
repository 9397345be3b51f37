package dev.weft.rpc;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.streams.WriteStream;
import java.util.concurrent.atomic.AtomicInteger;

/** What goes out by a pipe over QUIC. Any thread may call; the handlers run on the loop. */
final class QuicPipeOut implements WriteStream<Buffer> {
  private static final int LIMIT = 256 << 10;

  private final QuicWriter writer;
  private final Loop loop;
  private final AtomicInteger unsent = new AtomicInteger();
  private volatile int limit = LIMIT;

  // The loop's.
  private Handler<Void> drainHandler;
  private Handler<Throwable> exceptionHandler;

  QuicPipeOut(QuicWriter writer, Loop loop) {
    this.writer = writer;
    this.loop = loop;
  }

  @Override
  public Future<Void> write(Buffer data) {
    unsent.addAndGet(data.length());
    Promise<Void> taken = Promise.promise();
    run(
        () ->
            writer
                .write(Unpooled.wrappedBuffer(data.getBytes()))
                .addListener(
                    (ChannelFuture done) -> {
                      unsent.addAndGet(-data.length());
                      done(done, taken);
                      drain();
                    }));
    return taken.future();
  }

  @Override
  public Future<Void> end() {
    Promise<Void> taken = Promise.promise();
    run(() -> writer.end().addListener((ChannelFuture done) -> done(done, taken)));
    return taken.future();
  }

  private void done(ChannelFuture done, Promise<Void> taken) {
    if (done.isSuccess()) {
      taken.complete();
    } else {
      taken.fail(done.cause());
      onFailed(done.cause());
    }
  }

  /** On the loop. */
  void onFailed(Throwable why) {
    if (exceptionHandler != null) {
      Handler<Throwable> failed = exceptionHandler;
      exceptionHandler = null;
      emit(failed, why);
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

  private void run(Runnable work) {
    if (loop.netty().inEventLoop()) {
      work.run();
    } else {
      loop.netty().execute(work);
    }
  }

  @Override
  public boolean writeQueueFull() {
    return unsent.get() >= limit;
  }

  @Override
  public QuicPipeOut setWriteQueueMaxSize(int bytes) {
    limit = bytes;
    return this;
  }

  @Override
  public QuicPipeOut drainHandler(Handler<Void> drained) {
    run(
        () -> {
          drainHandler = drained;
          drain();
        });
    return this;
  }

  @Override
  public QuicPipeOut exceptionHandler(Handler<Throwable> failed) {
    run(() -> exceptionHandler = failed);
    return this;
  }
}

package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.streams.ReadStream;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What comes in by a pipe over QUIC; paused at first. While nobody asks for more, nothing is read
 * from QUIC, and its window stops the sender. Any thread may call; the handlers run on the loop.
 */
final class QuicPipeIn implements ReadStream<Buffer>, InStream.Reader {
  private final QuicStreamChannel stream;
  private final Loop loop;
  private final QuicPipeOut out;

  // The loop's.
  private final Deque<Buffer> held = new ArrayDeque<>();
  private long demand;
  private boolean ended;
  private Throwable failure;
  private Handler<Buffer> handler;
  private Handler<Void> endHandler;
  private Handler<Throwable> exceptionHandler;

  /**
   * @param out the other direction, which fails with this one
   */
  QuicPipeIn(QuicStreamChannel stream, Loop loop, QuicPipeOut out) {
    this.stream = stream;
    this.loop = loop;
    this.out = out;
  }

  @Override
  public void onData(ByteBuf data) {
    held.add(Buffer.buffer(ByteBufUtil.getBytes(data)));
    deliver();
    if (!held.isEmpty()) {
      stream.config().setAutoRead(false);
    }
  }

  @Override
  public void onPause() {
    // Each part is handed over as it comes.
  }

  @Override
  public void onEnd() {
    ended = true;
    deliver();
  }

  @Override
  public void onFailed(Throwable why) {
    failure = why;
    held.clear();
    deliver();
    out.onFailed(why);
  }

  private void deliver() {
    while (demand > 0 && handler != null && !held.isEmpty()) {
      demand -= demand == Long.MAX_VALUE ? 0 : 1;
      emit(handler, held.poll());
    }
    if (!held.isEmpty()) {
      return;
    }
    if (failure != null && exceptionHandler != null) {
      Handler<Throwable> failed = exceptionHandler;
      exceptionHandler = null;
      emit(failed, failure);
    } else if (ended && endHandler != null) {
      Handler<Void> end = endHandler;
      endHandler = null;
      emit(end, null);
    } else if (demand > 0 && !stream.config().isAutoRead()) {
      stream.config().setAutoRead(true);
    }
  }

  private <T> void emit(Handler<T> to, T value) {
    ((ContextInternal) loop.context()).emit(value, to);
  }

  private QuicPipeIn change(Runnable work) {
    if (loop.netty().inEventLoop()) {
      work.run();
    } else {
      loop.netty().execute(work);
    }
    return this;
  }

  @Override
  public QuicPipeIn handler(Handler<Buffer> read) {
    return change(
        () -> {
          handler = read;
          deliver();
        });
  }

  @Override
  public QuicPipeIn endHandler(Handler<Void> end) {
    return change(
        () -> {
          endHandler = end;
          deliver();
        });
  }

  @Override
  public QuicPipeIn exceptionHandler(Handler<Throwable> failed) {
    return change(
        () -> {
          exceptionHandler = failed;
          deliver();
        });
  }

  @Override
  public QuicPipeIn pause() {
    return change(() -> demand = 0);
  }

  @Override
  public QuicPipeIn resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public QuicPipeIn fetch(long amount) {
    return change(
        () -> {
          demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
          deliver();
        });
  }
}

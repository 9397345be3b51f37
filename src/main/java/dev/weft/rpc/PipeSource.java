package dev.weft.rpc;

import io.netty.channel.Channel;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.streams.ReadStream;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What comes in by a pipe over a channel; paused at first. While nobody asks for more, the channel
 * is not read, which stops the sender. Any thread may call what a stream has; the handlers run on
 * the loop, where what arrives has to be told.
 */
public abstract class PipeSource implements ReadStream<Buffer> {
  private final Loop loop;

  // The loop's.
  private final Deque<Buffer> held = new ArrayDeque<>();
  private long demand;
  private boolean ended;
  private Throwable failure;
  private Handler<Buffer> handler;
  private Handler<Void> endHandler;
  private Handler<Throwable> exceptionHandler;

  /**
   * @param loop the channel's
   */
  protected PipeSource(Loop loop) {
    this.loop = loop;
  }

  /** The channel that is read. */
  protected abstract Channel channel();

  /** Bytes have arrived. */
  protected final void data(Buffer bytes) {
    held.add(bytes);
    deliver();
    if (!held.isEmpty()) {
      channel().config().setAutoRead(false);
    }
  }

  /** Behind all that has arrived is the end. */
  protected final void end() {
    ended = true;
    deliver();
  }

  protected final boolean hasEnded() {
    return ended;
  }

  /** Nothing more arrives; what was not read is lost. The first reason counts. */
  protected final void fail(Throwable why) {
    if (failure == null) {
      failure = why;
      held.clear();
      deliver();
    }
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
    } else if (demand > 0 && channel().isOpen() && !channel().config().isAutoRead()) {
      channel().config().setAutoRead(true);
    }
  }

  private <T> void emit(Handler<T> to, T value) {
    ((ContextInternal) loop.context()).emit(value, to);
  }

  private PipeSource change(Runnable work) {
    loop.runHere(work);
    return this;
  }

  @Override
  public final PipeSource handler(Handler<Buffer> read) {
    return change(
        () -> {
          handler = read;
          deliver();
        });
  }

  @Override
  public final PipeSource endHandler(Handler<Void> end) {
    return change(
        () -> {
          endHandler = end;
          deliver();
        });
  }

  @Override
  public final PipeSource exceptionHandler(Handler<Throwable> failed) {
    return change(
        () -> {
          exceptionHandler = failed;
          deliver();
        });
  }

  @Override
  public final PipeSource pause() {
    return change(() -> demand = 0);
  }

  @Override
  public final PipeSource resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public final PipeSource fetch(long amount) {
    return change(
        () -> {
          demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
          deliver();
        });
  }
}

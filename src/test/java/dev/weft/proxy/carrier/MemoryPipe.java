package dev.weft.proxy.carrier;

import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Both ends of a pipe in memory, whose handlers run on whichever thread writes or resumes. */
final class MemoryPipe {
  private final Direction there = new Direction();
  private final Direction back = new Direction();

  Pipe one() {
    return new Pipe(back, there);
  }

  Pipe other() {
    return new Pipe(there, back);
  }

  /** Loses the connection. */
  void cut() {
    there.fail();
    back.fail();
  }

  /** Whether both directions were ended. */
  boolean ended() {
    return there.ended && back.ended;
  }

  static final class Direction implements ReadStream<Buffer>, WriteStream<Buffer> {
    private static final int LIMIT = 1000;

    private final Deque<Buffer> waiting = new ArrayDeque<>();
    private Handler<Buffer> handler;
    private Handler<Void> endHandler;
    private Handler<Void> drainHandler;
    private final List<Handler<Throwable>> failed = new ArrayList<>();
    private long demand;
    private boolean ended;

    private synchronized int size() {
      return waiting.stream().mapToInt(Buffer::length).sum();
    }

    private synchronized void deliver() {
      while (demand > 0 && handler != null && !waiting.isEmpty()) {
        demand -= demand == Long.MAX_VALUE ? 0 : 1;
        handler.handle(waiting.poll());
      }
      if (!writeQueueFull() && drainHandler != null) {
        Handler<Void> drained = drainHandler;
        drainHandler = null;
        drained.handle(null);
      }
      if (ended && waiting.isEmpty() && demand > 0 && endHandler != null) {
        Handler<Void> end = endHandler;
        endHandler = null;
        end.handle(null);
      }
    }

    synchronized void fail() {
      failed.forEach(f -> f.handle(new IllegalStateException("cut")));
    }

    @Override
    public synchronized Future<Void> write(Buffer data) {
      if (ended) {
        return Future.failedFuture("written after the end");
      }
      waiting.add(data);
      deliver();
      return Future.succeededFuture();
    }

    @Override
    public synchronized Future<Void> end() {
      ended = true;
      deliver();
      return Future.succeededFuture();
    }

    @Override
    public boolean writeQueueFull() {
      return size() >= LIMIT;
    }

    @Override
    public Direction setWriteQueueMaxSize(int size) {
      return this;
    }

    @Override
    public synchronized Direction drainHandler(Handler<Void> drained) {
      drainHandler = drained;
      return this;
    }

    @Override
    public synchronized Direction exceptionHandler(Handler<Throwable> handler) {
      failed.add(handler);
      return this;
    }

    @Override
    public synchronized Direction handler(Handler<Buffer> read) {
      handler = read;
      deliver();
      return this;
    }

    @Override
    public synchronized Direction endHandler(Handler<Void> end) {
      endHandler = end;
      deliver();
      return this;
    }

    @Override
    public synchronized Direction pause() {
      demand = 0;
      return this;
    }

    @Override
    public Direction resume() {
      return fetch(Long.MAX_VALUE);
    }

    @Override
    public synchronized Direction fetch(long amount) {
      demand = amount;
      deliver();
      return this;
    }
  }
}

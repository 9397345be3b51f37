package dev.weft.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.util.ArrayDeque;
import java.util.Deque;

/** One direction of a pipe in memory: what is written on one loop is read on another. */
final class MemoryFlow implements ReadStream<Buffer>, WriteStream<Buffer> {
  private static final int FULL = 16;

  private final Loop writer;
  private final Loop reader;
  private final Deque<Buffer> held = new ArrayDeque<>();
  private long demand;
  private boolean ended;
  private Handler<Buffer> handler;
  private Handler<Void> endHandler;
  private Handler<Void> drainHandler;

  MemoryFlow(Loop writer, Loop reader) {
    this.writer = writer;
    this.reader = reader;
  }

  @Override
  public synchronized Future<Void> write(Buffer data) {
    held.add(data);
    reader.run(this::deliver);
    return Future.succeededFuture();
  }

  @Override
  public synchronized Future<Void> end() {
    ended = true;
    reader.run(this::deliver);
    return Future.succeededFuture();
  }

  @Override
  public synchronized boolean writeQueueFull() {
    return held.size() >= FULL;
  }

  @Override
  public synchronized MemoryFlow drainHandler(Handler<Void> drained) {
    drainHandler = drained;
    return this;
  }

  @Override
  public MemoryFlow setWriteQueueMaxSize(int size) {
    return this;
  }

  private void deliver() {
    while (true) {
      Buffer next;
      synchronized (this) {
        next = demand > 0 && handler != null ? held.poll() : null;
        if (next == null) {
          break;
        }
        demand -= demand == Long.MAX_VALUE ? 0 : 1;
      }
      handler.handle(next);
    }
    synchronized (this) {
      if (held.size() < FULL / 2 && drainHandler != null) {
        Handler<Void> drained = drainHandler;
        drainHandler = null;
        writer.run(() -> drained.handle(null));
      }
      if (ended && held.isEmpty() && endHandler != null) {
        endHandler.handle(null);
        endHandler = null;
      }
    }
  }

  @Override
  public synchronized MemoryFlow handler(Handler<Buffer> read) {
    handler = read;
    reader.run(this::deliver);
    return this;
  }

  @Override
  public synchronized MemoryFlow endHandler(Handler<Void> end) {
    endHandler = end;
    return this;
  }

  @Override
  public MemoryFlow exceptionHandler(Handler<Throwable> failed) {
    return this;
  }

  @Override
  public synchronized MemoryFlow pause() {
    demand = 0;
    return this;
  }

  @Override
  public MemoryFlow resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public synchronized MemoryFlow fetch(long amount) {
    demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
    reader.run(this::deliver);
    return this;
  }
}

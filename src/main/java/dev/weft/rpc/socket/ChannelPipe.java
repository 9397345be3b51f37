package dev.weft.rpc.socket;

import dev.weft.rpc.Buffers;
import dev.weft.rpc.Loop;
import dev.weft.rpc.Pipe;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A channel whose directions end by themselves, as a pipe, paused at first; the channel's last
 * handler. While nobody asks for more, the channel is not read. Any thread may call the pipe; its
 * handlers run on the loop.
 */
public final class ChannelPipe extends ChannelInboundHandlerAdapter {
  private static final int LIMIT = 256 << 10;

  private final Loop loop;
  private final In in = new In();
  private final Out out = new Out();
  private DuplexChannel channel;

  /**
   * @param loop the channel's
   */
  public ChannelPipe(Loop loop) {
    this.loop = loop;
  }

  public Pipe pipe() {
    return new Pipe(in, out);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = (DuplexChannel) ctx.channel();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    in.held.add(Buffers.copy(bytes));
    bytes.release();
    in.deliver();
    if (!in.held.isEmpty()) {
      channel.config().setAutoRead(false);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      in.ended = true;
      in.deliver();
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    failed(cause);
    var unused = ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (!in.ended || !channel.isOutputShutdown()) {
      failed(new IOException("the connection was closed"));
    }
    ctx.fireChannelInactive();
  }

  private void failed(Throwable why) {
    if (!in.ended) {
      in.failed(why);
    }
    out.failed(why);
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

  private final class In implements ReadStream<Buffer> {
    private final Deque<Buffer> held = new ArrayDeque<>();
    private long demand;
    private boolean ended;
    private Throwable failure;
    private Handler<Buffer> handler;
    private Handler<Void> endHandler;
    private Handler<Throwable> exceptionHandler;

    private void failed(Throwable why) {
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
        Handler<Throwable> told = exceptionHandler;
        exceptionHandler = null;
        emit(told, failure);
      } else if (ended && endHandler != null) {
        Handler<Void> end = endHandler;
        endHandler = null;
        emit(end, null);
      } else if (demand > 0 && channel.isOpen() && !channel.config().isAutoRead()) {
        channel.config().setAutoRead(true);
      }
    }

    private In change(Runnable work) {
      run(work);
      return this;
    }

    @Override
    public In handler(Handler<Buffer> read) {
      return change(
          () -> {
            handler = read;
            deliver();
          });
    }

    @Override
    public In endHandler(Handler<Void> end) {
      return change(
          () -> {
            endHandler = end;
            deliver();
          });
    }

    @Override
    public In exceptionHandler(Handler<Throwable> told) {
      return change(
          () -> {
            exceptionHandler = told;
            deliver();
          });
    }

    @Override
    public In pause() {
      return change(() -> demand = 0);
    }

    @Override
    public In resume() {
      return fetch(Long.MAX_VALUE);
    }

    @Override
    public In fetch(long amount) {
      return change(
          () -> {
            demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
            deliver();
          });
    }
  }

  private final class Out implements WriteStream<Buffer> {
    private final AtomicInteger unsent = new AtomicInteger();
    private volatile int limit = LIMIT;
    private Handler<Void> drainHandler;
    private Handler<Throwable> exceptionHandler;

    private void failed(Throwable why) {
      if (exceptionHandler != null) {
        Handler<Throwable> told = exceptionHandler;
        exceptionHandler = null;
        emit(told, why);
      }
    }

    @Override
    public Future<Void> write(Buffer data) {
      byte[] bytes = data.getBytes();
      unsent.addAndGet(bytes.length);
      Promise<Void> taken = Promise.promise();
      run(
          () ->
              channel
                  .writeAndFlush(Unpooled.wrappedBuffer(bytes))
                  .addListener(
                      (ChannelFuture done) -> {
                        unsent.addAndGet(-bytes.length);
                        taken(done, taken);
                        drain();
                      }));
      return taken.future();
    }

    @Override
    public Future<Void> end() {
      Promise<Void> taken = Promise.promise();
      run(() -> endBehindAll(taken));
      return taken.future();
    }

    private void endBehindAll(Promise<Void> taken) {
      channel
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(
              (ChannelFuture written) -> {
                if (written.isSuccess()) {
                  channel.shutdownOutput().addListener((ChannelFuture done) -> taken(done, taken));
                } else {
                  taken(written, taken);
                }
              });
    }

    private void taken(ChannelFuture done, Promise<Void> taken) {
      if (done.isSuccess()) {
        taken.complete();
      } else {
        taken.fail(done.cause());
        failed(done.cause());
      }
    }

    private void drain() {
      if (drainHandler != null && unsent.get() <= limit / 2) {
        Handler<Void> drained = drainHandler;
        drainHandler = null;
        emit(drained, null);
      }
    }

    @Override
    public boolean writeQueueFull() {
      return unsent.get() >= limit;
    }

    @Override
    public Out setWriteQueueMaxSize(int bytes) {
      limit = bytes;
      return this;
    }

    @Override
    public Out drainHandler(Handler<Void> drained) {
      run(
          () -> {
            drainHandler = drained;
            drain();
          });
      return this;
    }

    @Override
    public Out exceptionHandler(Handler<Throwable> told) {
      run(() -> exceptionHandler = told);
      return this;
    }
  }
}

package dev.weft.rpc.socket;

import io.netty.channel.AbstractEventLoop;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * An event loop, for sockets of which one direction ends before the other. With epoll, Netty 4.2.18
 * wants no event of a socket any more once its input has ended, which takes it out of the epoll set
 * without a way back: a write that fills the socket then fails. Here such a socket stays in the
 * set, with errors alone, told once.
 */
public final class HalfCloseLoop extends AbstractEventLoop implements IoEventLoop {
  private static final EpollIoOps QUIET = EpollIoOps.EPOLLERR.with(EpollIoOps.EPOLLET);

  private final IoEventLoop loop;

  public HalfCloseLoop(IoEventLoop loop) {
    this.loop = loop;
  }

  @Override
  public Future<IoRegistration> register(IoHandle handle) {
    Promise<IoRegistration> registered = loop.newPromise();
    loop.register(handle)
        .addListener(
            (Future<IoRegistration> done) -> {
              if (done.isSuccess()) {
                registered.setSuccess(new Registered(done.getNow()));
              } else {
                registered.setFailure(done.cause());
              }
            });
    return registered;
  }

  private record Registered(IoRegistration registration) implements IoRegistration {
    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals")
    public <T> T attachment() {
      return registration.attachment();
    }

    @Override
    public long submit(IoOps ops) {
      return registration.submit(EpollIoOps.NONE.equals(ops) ? QUIET : ops);
    }

    @Override
    public boolean isValid() {
      return registration.isValid();
    }

    @Override
    public boolean cancel() {
      return registration.cancel();
    }
  }

  @Override
  @Deprecated
  public ChannelFuture register(Channel channel) {
    return register(new DefaultChannelPromise(channel, this));
  }

  @Override
  @Deprecated
  public ChannelFuture register(ChannelPromise promise) {
    promise.channel().unsafe().register(this, promise);
    return promise;
  }

  @Override
  @Deprecated
  public ChannelFuture register(Channel channel, ChannelPromise promise) {
    channel.unsafe().register(this, promise);
    return promise;
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handle) {
    return loop.isCompatible(handle);
  }

  @Override
  public boolean isIoType(Class<? extends IoHandler> handler) {
    return loop.isIoType(handler);
  }

  @Override
  public IoEventLoop next() {
    return this;
  }

  @Override
  public EventLoopGroup parent() {
    return loop.parent();
  }

  @Override
  public boolean inEventLoop(Thread thread) {
    return loop.inEventLoop(thread);
  }

  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    return loop.schedule(task, delay, unit);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
    return loop.schedule(task, delay, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long initial, long period, TimeUnit unit) {
    return loop.scheduleAtFixedRate(task, initial, period, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long initial, long delay, TimeUnit unit) {
    return loop.scheduleWithFixedDelay(task, initial, delay, unit);
  }

  /** It ends with the loop that it stands for. */
  @Override
  public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
    return terminationFuture();
  }

  @Override
  @Deprecated
  public void shutdown() {
    // As shutdownGracefully.
  }

  @Override
  public Future<?> terminationFuture() {
    return loop.terminationFuture();
  }

  @Override
  public boolean isShuttingDown() {
    return loop.isShuttingDown();
  }

  @Override
  public boolean isShutdown() {
    return loop.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return loop.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return loop.awaitTermination(timeout, unit);
  }
}

package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A connection within one process: what a node serves, called without a network. Streams have a
 * window, as those of HTTP/2 have.
 */
public final class MemoryConnection implements RpcConnection {
  private static final int WINDOW = 1 << 20;

  private final GrpcListener peer;
  private final Caller self;
  private final Loop here;
  private final Loop there;
  private final Promise<Void> lost = Promise.promise();
  private final Set<Out> open = new HashSet<>();
  private int calls;
  private volatile boolean draining;
  private volatile Runnable before = () -> {};

  /**
   * @param peer what is served at the other end
   * @param self who calls
   * @param here where this end lives
   * @param there where the peer reads
   */
  public MemoryConnection(GrpcListener peer, Caller self, Loop here, Loop there) {
    this.peer = peer;
    this.self = self;
    this.here = here;
    this.there = there;
  }

  @Override
  public Loop loop() {
    return here;
  }

  @Override
  public Future<Buffer> call(String path, Buffer message, Duration deadline) {
    Promise<Buffer> answer = Promise.promise();
    before.run();
    here.run(
        () -> {
          if (draining) {
            answer.fail(NotBegun.failure());
            return;
          }
          calls++;
          answer.future().onComplete(done -> here.run(this::callEnded));
          there.run(() -> peer.dispatch(self, path, message).onComplete(answer));
        });
    return answer
        .future()
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .recover(e -> Future.failedFuture(WeftException.of(e)));
  }

  @Override
  public Future<OutStream> stream(String path, Optional<Leg> leg) {
    Promise<OutStream> opened = Promise.promise();
    here.run(
        () -> {
          if (draining || lost.future().isComplete()) {
            opened.fail(
                draining ? NotBegun.failure() : Fault.UNAVAILABLE.because("connection lost"));
            return;
          }
          Out out = new Out();
          open.add(out);
          there.run(
              () ->
                  peer.onStream(
                      self,
                      path,
                      leg,
                      there.context(),
                      done -> {
                        out.in = new In(out, done);
                        return out.in;
                      }));
          opened.complete(out);
        });
    return opened.future();
  }

  @Override
  public Future<Pipe> pipe(String service) {
    Promise<Pipe> opened = Promise.promise();
    if (draining) {
      return Future.failedFuture(NotBegun.failure());
    }
    there.run(
        () -> {
          MemoryFlow out = new MemoryFlow(here, there);
          MemoryFlow in = new MemoryFlow(there, here);
          try {
            peer.pipeService(self, service).accept(self, new Pipe(out, in));
            opened.complete(new Pipe(in, out));
          } catch (WeftException refused) {
            opened.fail(refused);
          }
        });
    return opened.future();
  }

  @Override
  public Future<Boolean> serves(String path, Duration deadline) {
    return Future.succeededFuture(true);
  }

  @Override
  public Future<Void> lost() {
    return lost.future();
  }

  @Override
  public void drain(Duration atMost) {
    draining = true;
    here.run(this::closeIfDrained);
  }

  private void callEnded() {
    calls--;
    closeIfDrained();
  }

  private void closeIfDrained() {
    if (draining && calls == 0 && open.isEmpty()) {
      close();
    }
  }

  /** Runs before each call, on its thread. */
  public void beforeCalls(Runnable work) {
    before = work;
  }

  @Override
  public void close() {
    here.run(
        () -> {
          lost.tryComplete();
          WeftException why = Fault.UNAVAILABLE.because("connection lost");
          for (Out out : List.copyOf(open)) {
            out.ended.tryFail(why);
            there.run(() -> out.in.onFailed(why));
          }
        });
  }

  /** The end that writes; its fields but {@code in} are this end's loop's. */
  private final class Out implements OutStream {
    private final Promise<Void> ended = Promise.promise();
    private int underWay;
    private Runnable waiting;
    private boolean finished;

    /** The other end; its loop's. */
    private In in;

    Out() {
      ended
          .future()
          .onComplete(
              done -> {
                open.remove(this);
                closeIfDrained();
              });
    }

    @Override
    public Loop loop() {
      return here;
    }

    @Override
    public boolean write(ByteBuf batch, Runnable drained) {
      if (finished || ended.future().isComplete()) {
        batch.release();
        return true;
      }
      underWay += batch.readableBytes();
      there.run(() -> in.arrive(batch));
      if (underWay >= WINDOW) {
        waiting = drained;
        return false;
      }
      return true;
    }

    void consumed(int bytes) {
      underWay -= bytes;
      if (waiting != null && underWay < WINDOW / 2) {
        Runnable drained = waiting;
        waiting = null;
        drained.run();
      }
    }

    @Override
    public void limitUnsent(int bytes) {
      // The window does.
    }

    @Override
    public Future<Void> finish() {
      if (!finished) {
        finished = true;
        there.run(() -> in.onEnd());
      }
      return ended.future();
    }

    @Override
    public Future<Void> ended() {
      return ended.future();
    }
  }

  /** The end that reads; the peer's loop's. */
  private final class In implements InStream {
    private final Out out;
    private final Runnable done;
    private final HeldStream held;
    private boolean isDone;

    In(Out out, Runnable done) {
      this.out = out;
      this.done = done;
      this.held = new HeldStream(bytes -> here.run(() -> out.consumed(bytes)));
    }

    void arrive(ByteBuf batch) {
      int bytes = batch.readableBytes();
      if (held.onData(batch)) {
        held.onPause();
        here.run(() -> out.consumed(bytes));
      }
      batch.release();
    }

    void onEnd() {
      held.onEnd();
    }

    void onFailed(Throwable why) {
      if (!isDone) {
        held.onFailed(why);
      }
      finish();
    }

    @Override
    public Caller caller() {
      return self;
    }

    @Override
    public void read(Reader reader) {
      held.read(reader);
    }

    @Override
    public void end(Buffer message) {
      finish();
      here.run(() -> out.ended.tryComplete());
    }

    @Override
    public void refuse(Fault fault, String why) {
      finish();
      here.run(() -> out.ended.tryFail(fault.because(why)));
    }

    @Override
    public void abandon() {
      onFailed(Fault.UNAVAILABLE.because("abandoned"));
    }

    private void finish() {
      if (!isDone) {
        isDone = true;
        done.run();
      }
    }
  }
}

package dev.weft.proxy.carrier;

import dev.weft.bus.Fault;
import dev.weft.rpc.Pipe;
import dev.weft.rpc.socket.PipeEnd;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * One proxy's end of what it says to the other, over a pipe of any transport. Whichever way it
 * ends, both of the pipe's directions are ended and none is broken off: over QUIC a stream that is
 * broken off leaves something behind for as long as its connection lives.
 */
public final class Tunnel implements PipeEnd {
  private final Pipe pipe;
  private final Promise<Void> ready = Promise.promise();
  private final AtomicReference<Runnable> drained = new AtomicReference<>();

  // Guarded by this.
  private final Deque<Runnable> held = new ArrayDeque<>();
  private Reader reader;
  private boolean inOver;
  private boolean outOver;

  private Tunnel(Pipe pipe) {
    this.pipe = pipe;
    TunnelReader frames = new TunnelReader(new Incoming());
    pipe.in()
        .exceptionHandler(e -> lost("the connection was lost: " + e.getMessage()))
        .handler(frames::read)
        .endHandler(v -> lost("the connection was lost"));
    pipe.out().exceptionHandler(e -> lost("the connection was lost: " + e.getMessage()));
  }

  /**
   * The end of a forward proxy.
   *
   * @param pipe paused, as are all that come out of this
   */
  public static Tunnel open(Pipe pipe) {
    Tunnel tunnel = new Tunnel(pipe);
    pipe.in().resume();
    return tunnel;
  }

  /**
   * Done when the reverse proxy has connected its server; its failure, or UNAVAILABLE with the
   * reason of the loss.
   */
  public Future<Void> opened() {
    return ready.future();
  }

  /** The end of a reverse proxy, which connects its server and then says {@link #ready}. */
  public static Tunnel accept(Pipe pipe) {
    Tunnel tunnel = new Tunnel(pipe);
    tunnel.ready.complete();
    return tunnel;
  }

  /** Says that the server is connected. */
  public void ready() {
    write(TunnelFrame.READY.empty(), false);
  }

  /** Says that it is not, and why. */
  public void refuse(Fault fault, String why) {
    last(TunnelFrame.refused(fault, why));
    drop();
  }

  private final class Incoming implements TunnelReader.Frames {
    @Override
    public void onData(Buffer bytes) {
      if (ready.future().isComplete()) {
        deliver(r -> r.onBytes(bytes));
      } else {
        lost("bytes before the server was connected");
      }
    }

    @Override
    public void onFrame(TunnelFrame frame, Buffer contents) {
      switch (frame) {
        case READY -> {
          // Until its reader resumes it.
          pipe.in().pause();
          if (!ready.tryComplete()) {
            lost("READY twice");
          }
        }
        case REFUSED -> {
          if (ready.tryFail(TunnelFrame.refusal(contents))) {
            over();
            last(TunnelFrame.END.empty());
          } else {
            lost("REFUSED after READY");
          }
        }
        case END -> {
          over();
          deliver(Reader::onEnd);
        }
        default -> {
          String why = contents.length() == 0 ? "broken off" : contents.toString();
          lost(why);
        }
      }
    }
  }

  private synchronized boolean over() {
    boolean already = inOver;
    inOver = true;
    return already;
  }

  /** Once only, and not after an end that was said. */
  private void lost(String why) {
    if (!over()) {
      if (!ready.tryFail(Fault.UNAVAILABLE.because(why))) {
        deliver(r -> r.onClosed(why));
      } else {
        last(TunnelFrame.END.empty());
        drop();
      }
    }
  }

  private synchronized void deliver(Consumer<Reader> what) {
    if (reader == null) {
      held.add(() -> what.accept(reader));
    } else {
      what.accept(reader);
    }
  }

  /** What had come with READY, or was held for the server, comes first. */
  @Override
  public synchronized void read(Reader to) {
    reader = to;
    for (Runnable next = held.poll(); next != null; next = held.poll()) {
      next.run();
    }
    pipe.in().resume();
  }

  @Override
  public void pause() {
    pipe.in().pause();
  }

  @Override
  public void resume() {
    pipe.in().resume();
  }

  @Override
  public void write(Buffer bytes) {
    write(TunnelFrame.DATA.with(bytes), false);
  }

  @Override
  public boolean isFull() {
    return pipe.out().writeQueueFull();
  }

  @Override
  public void onDrained(Runnable work) {
    drained.set(work);
    pipe.out().drainHandler(v -> drained());
    // It may have been drained before the handler was there.
    if (!isFull()) {
      drained();
    }
  }

  private void drained() {
    Runnable work = drained.getAndSet(null);
    if (work != null) {
      work.run();
    }
  }

  @Override
  public Future<Void> end() {
    return last(TunnelFrame.END.empty());
  }

  @Override
  public void close(String reason) {
    if (!reason.isEmpty()) {
      last(TunnelFrame.BROKEN.with(reason));
      drop();
    }
  }

  /** Reads what still comes, so that the other end can end too. */
  private void drop() {
    over();
    pipe.in().handler(bytes -> {});
    pipe.in().resume();
  }

  /** Writes the last frame, and ends the direction; nothing if that was done. */
  private Future<Void> last(Buffer frame) {
    return write(frame, true) ? pipe.out().end() : Future.succeededFuture();
  }

  private synchronized boolean write(Buffer frame, boolean last) {
    if (outOver) {
      return false;
    }
    outOver = last;
    var unused = pipe.out().write(frame);
    return true;
  }
}

package dev.weft.wire.path;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Poller;
import dev.weft.linux.RecvRing;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Promise;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The portable driver: one worker thread waits in poll(2) for all packet sockets of the node. A
 * wire has at most one batch under way: its socket is not polled again until the stream has
 * accepted the batch, so frames wait, or are dropped, in the kernel's queue and not in the heap.
 */
final class WorkerDriver extends AbstractVerticle implements Driver {
  /** How long one turn waits; between turns the verticle can be undeployed. */
  private static final int TURN_MILLIS = 100;

  private static final Logger log = LoggerFactory.getLogger(WorkerDriver.class);

  private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private Poller<Reader> poller;
  private RecvRing ring;
  private Promise<Void> stopped;
  private volatile boolean closed;

  @Override
  public void start() throws IOException {
    poller = new Poller<>();
    ring = BatchReader.ring();
    context.runOnContext(v -> turn());
  }

  @Override
  public void stop(Promise<Void> done) {
    // Called between two turns; the next turn, which is queued already, is the last one.
    stopped = done;
  }

  @Override
  public Handle attach(WireEnd end, FrameSink stream, Lane lane) {
    Reader reader = new Reader(end, stream, lane.loop());
    command(reader::open);
    return () -> {
      Promise<Void> closed = Promise.promise();
      command(
          () -> {
            reader.close();
            closed.complete();
          });
      return closed.future();
    };
  }

  private void command(Runnable command) {
    commands.add(command);
    poller.wakeup();
    if (closed) {
      // There is no next turn, and no other thread reads: the caller runs the commands.
      runCommands();
    }
  }

  private void runCommands() {
    for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
      guarded(command);
    }
  }

  private void turn() {
    if (stopped != null) {
      closed = true;
      runCommands();
      poller.close();
      stopped.complete();
      return;
    }
    runCommands();
    try {
      poller.poll(TURN_MILLIS, (reader, events) -> guarded(reader::read));
    } catch (LinuxException e) {
      throw new IllegalStateException("the worker driver cannot wait for frames", e);
    }
    context.runOnContext(v -> turn());
  }

  /** A failure of one wire must not end the turns, which serve all wires. */
  private static void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      log.error("a wire's step failed", e);
    }
  }

  private interface Outcome {
    void tell() throws LinuxException;
  }

  /** One wire's reading; all of it on the worker. */
  private final class Reader {
    private final WireEnd end;
    private final FrameSink stream;
    private final BatchReader batches;
    private final Loop loop;
    private boolean open;

    Reader(WireEnd end, FrameSink stream, Loop loop) {
      this.end = end;
      this.stream = stream;
      this.batches = new BatchReader(end, stream);
      this.loop = loop;
    }

    void open() {
      open = true;
      poller.add(end.socket().fd(), this);
    }

    void close() {
      if (open) {
        open = false;
        poller.remove(end.socket().fd());
      }
    }

    void read() {
      ByteBuf batch;
      try {
        batch = batches.read(ring);
      } catch (LinuxException e) {
        // The link went down or away; if it comes back the socket gives frames again.
        log.debug("{}", e.getMessage());
        return;
      }
      if (batch == null) {
        return;
      }
      poller.enable(end.socket().fd(), false);
      loop.run(
          () -> {
            if (stream.write(batch, () -> command(() -> again(batches::drained)))) {
              command(() -> again(batches::flowed));
            }
          });
    }

    /** Tells the pace what became of the last batch, and polls the socket again. */
    private void again(Outcome outcome) {
      try {
        outcome.tell();
      } catch (LinuxException e) {
        log.debug("{}", e.getMessage());
      }
      if (open) {
        poller.enable(end.socket().fd(), true);
      }
    }
  }
}

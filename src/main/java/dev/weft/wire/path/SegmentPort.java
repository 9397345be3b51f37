package dev.weft.wire.path;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Future;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A port of a segment: what a wire's end there is in place of an interface. Frames from the wire
 * are handed to the loops of the ports that they go to, a batch at a time; what waits there, and
 * for the turn of that port's stream, is bounded.
 */
public final class SegmentPort {
  /** Bytes of the buffers that wait for a port's loop. */
  private static final int MOST_WAITING = 1 << 20;

  /** Bytes of the buffers that wait for their turn on the port's connection. */
  static final int MOST_QUEUED = 256 << 10;

  /** A batch's buffer at first. */
  private static final int ROOM = 4 << 10;

  private final Segment segment;
  private final TrafficCounter sent;
  private final Map<SegmentPort, Batch> batches = new HashMap<>();
  private volatile Output output;

  SegmentPort(Segment segment, TrafficCounter sent) {
    this.segment = segment;
    this.sent = sent;
  }

  /** Messages for one port. */
  private static final class Batch {
    final Output output;
    final ByteBuf messages = PooledByteBufAllocator.DEFAULT.directBuffer(ROOM);
    int frames;
    int bytes;

    Batch(Output output) {
      this.output = output;
    }
  }

  /** A frame came from the wire. */
  synchronized void onFrame(ByteBuf source, int frame, int length, long vnet, int checksumOffset) {
    for (SegmentPort to : segment.towards(this, source, frame)) {
      Output out = to.output;
      if (to == this || out == null) {
        // Back where it came from, or to an end that is not joined: as with a cable unplugged.
        continue;
      }
      Batch batch = batches.get(to);
      if (batch == null || batch.output != out) {
        flush();
        batch = new Batch(out);
        batches.put(to, batch);
      }
      int frames = out.write(source, frame, length, vnet, checksumOffset, batch.messages);
      batch.frames += frames;
      batch.bytes += frames == 0 ? 0 : length;
    }
  }

  /** Sends what has gathered. */
  synchronized void flush() {
    batches.values().forEach(batch -> batch.output.deliver(batch));
    batches.clear();
  }

  /** Sends the segment's frames into a stream until the handle is closed. */
  Driver.Handle attach(FrameSink stream, Lane lane) {
    Output opened = new Output(stream, lane);
    output = opened;
    return () -> {
      if (output == opened) {
        output = null;
        // What is behind it may come back behind another port.
        segment.forget(this);
      }
      opened.close();
      return Future.succeededFuture();
    };
  }

  void close() {
    output = null;
    segment.remove(this);
  }

  /** The way from a port into its wire. */
  private final class Output {
    private final FrameSink stream;
    private final Lane lane;
    private final AtomicInteger waiting = new AtomicInteger();

    private volatile boolean closed;

    // On the stream's loop alone.
    private final Deque<Batch> queue = new ArrayDeque<>();
    private int queued;

    /** The stream takes no more at present. */
    private boolean full;

    Output(FrameSink stream, Lane lane) {
      this.stream = stream;
      this.lane = lane;
    }

    /** Other ports' loops write at the same time, and the writer has memory of its own. */
    synchronized int write(
        ByteBuf source, int frame, int length, long vnet, int checksumOffset, ByteBuf out) {
      ByteBuffer bytes = source.internalNioBuffer(frame, length);
      if (!stream.writer().takes(vnet, length)) {
        // The writer finishes the headers in place, and other ports get them as they were.
        bytes = ByteBuffer.allocate(length).put(bytes).flip();
      }
      return stream.writer().write(bytes, vnet, checksumOffset, out);
    }

    void deliver(Batch batch) {
      int size = batch.messages.capacity();
      if (waiting.addAndGet(size) > MOST_WAITING) {
        waiting.addAndGet(-size);
        drop(batch);
      } else {
        lane.loop().run(() -> send(batch, size));
      }
    }

    private void send(Batch batch, int size) {
      waiting.addAndGet(-size);
      if (closed || (full && queued + size > MOST_QUEUED)) {
        drop(batch);
        return;
      }
      queue.add(batch);
      queued += size;
      go();
    }

    private void go() {
      while (!full && !queue.isEmpty()) {
        Batch batch = queue.remove();
        queued -= batch.messages.capacity();
        sent.carried(batch.frames, batch.bytes);
        // The drained handler never runs before write returns.
        full = !stream.write(batch.messages, this::onDrained);
      }
    }

    private void onDrained() {
      full = false;
      go();
    }

    void close() {
      closed = true;
      lane.loop()
          .run(
              () -> {
                queue.forEach(this::drop);
                queue.clear();
                queued = 0;
              });
    }

    private void drop(Batch batch) {
      sent.dropped(DropCause.QUEUE, batch.frames);
      batch.messages.release();
    }
  }
}

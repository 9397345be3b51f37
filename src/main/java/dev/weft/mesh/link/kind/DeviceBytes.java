package dev.weft.mesh.link.kind;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Poller;
import dev.weft.linux.SerialPort;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** The bytes of a serial line, which a thread of its own reads and writes in poll(2). */
final class DeviceBytes implements ByteStream {
  private static final int CHUNK = 4096;

  /** Chunks that were read and that the loop has not taken yet. */
  private static final int MAX_UNREAD = 4;

  /** Bytes that wait for somebody who reads; later ones are lost, as on the line itself. */
  private static final int MAX_EARLY = 64 << 10;

  /** How often the kernel's queue is looked at while it holds something, milliseconds. */
  private static final int LOOK_MILLIS = 10;

  private final Loop loop;
  private final SerialPort port;
  private final Poller<SerialPort> poller;
  private final Queue<byte[]> toWrite = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unwritten = new AtomicInteger();
  private final Semaphore unread = new Semaphore(MAX_UNREAD);

  /** Bytes that the kernel has taken and the line has not. */
  private volatile int inKernel;

  private volatile boolean closed;

  // The thread's own.
  private final byte[] chunk = new byte[CHUNK];
  private byte[] writing = new byte[0];
  private int written;
  private String gone = "";

  // The loop's own.
  private final ByteBuf early = Unpooled.buffer(0, MAX_EARLY);
  private Reader reader;
  private String ended = "";

  /** Takes the port. */
  DeviceBytes(Loop loop, SerialPort port) throws LinuxException {
    this.loop = loop;
    this.port = port;
    try {
      this.poller = new Poller<>();
    } catch (LinuxException e) {
      port.close();
      throw e;
    }
    Thread thread = new Thread(this::run, "weft-link-serial");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try (port;
        poller) {
      poller.add(port.fd(), port);
      while (!closed && gone.isEmpty()) {
        boolean wrote = writeAll();
        int queued = port.queued();
        boolean left = queued < inKernel;
        inKernel = queued;
        if (wrote || left) {
          onLoop(this::drained);
        }
        poller.enableWrite(port.fd(), written < writing.length);
        poller.poll(queued > 0 ? LOOK_MILLIS : -1, (p, events) -> readSome());
      }
    } catch (LinuxException e) {
      gone = e.getMessage();
    }
    String reason = gone;
    onLoop(() -> end(reason));
  }

  /** Until nothing waits or the kernel has no room; whether anything was written. */
  private boolean writeAll() throws LinuxException {
    boolean any = false;
    while (true) {
      if (written == writing.length) {
        byte[] next = toWrite.poll();
        if (next == null) {
          return any;
        }
        writing = next;
        written = 0;
      }
      int length = port.write(writing, written);
      if (length == 0) {
        return any;
      }
      any = true;
      written += length;
      unwritten.addAndGet(-length);
    }
  }

  /** So much at a time that writing, and the end, have their turn on a line that never pauses. */
  private void readSome() {
    try {
      int length = 1;
      for (int i = 0; i < MAX_UNREAD && (length = port.read(chunk)) > 0; i++) {
        ByteBuf bytes = PooledByteBufAllocator.DEFAULT.directBuffer(length);
        bytes.writeBytes(chunk, 0, length);
        unread.acquire();
        if (!onLoop(() -> give(bytes))) {
          bytes.release();
          return;
        }
      }
      if (length < 0) {
        gone = "the line is gone";
      }
    } catch (LinuxException e) {
      gone = e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      gone = "interrupted";
    }
  }

  /** False if the loop has ended, and this with it. */
  private boolean onLoop(Runnable work) {
    try {
      loop.netty().execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      closed = true;
      return false;
    }
  }

  private void give(ByteBuf bytes) {
    unread.release();
    try {
      if (reader == null) {
        early.writeBytes(bytes, Math.min(bytes.readableBytes(), early.maxWritableBytes()));
      } else if (!closed) {
        reader.onBytes(bytes);
      }
    } finally {
      bytes.release();
    }
    if (reader != null && !closed && unread.availablePermits() == MAX_UNREAD) {
      reader.onPause();
    }
  }

  private void drained() {
    if (reader != null && !closed) {
      reader.onDrained();
    }
  }

  private void end(String reason) {
    ended = reason;
    if (reader != null && !closed) {
      closed = true;
      reader.onEnd(reason);
    }
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public void read(Reader to) {
    // Not from within the call: the caller may not be ready for what it gets.
    loop.netty().execute(() -> begin(to));
  }

  private void begin(Reader to) {
    reader = to;
    if (!closed && early.isReadable()) {
      reader.onBytes(early);
      early.clear();
    }
    if (!closed) {
      reader.onPause();
    }
    if (!ended.isEmpty()) {
      end(ended);
    }
  }

  @Override
  public void write(ByteBuf bytes) {
    if (!closed) {
      unwritten.addAndGet(bytes.readableBytes());
      toWrite.add(ByteBufUtil.getBytes(bytes));
      poller.wakeup();
    }
    bytes.release();
  }

  @Override
  public int unsent() {
    return unwritten.get() + inKernel;
  }

  @Override
  public void close() {
    closed = true;
    poller.wakeup();
  }
}

package dev.weft.mesh.link.kind;

import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The standard input and output of a command, with a thread for each of its three streams, since
 * pipes of the JDK only block. What the command says on its standard error goes elsewhere, by
 * lines.
 */
final class CommandBytes implements ByteStream {
  private static final int CHUNK = 16 << 10;

  /** Chunks that were read and that the loop has not taken yet. */
  private static final int MAX_UNREAD = 4;

  /** How long the last output, or the exit status, may come after the first sign of the end. */
  private static final long LAST_WORDS_MILLIS = 500;

  private static final ByteBuf END = Unpooled.EMPTY_BUFFER;

  private final Loop loop;
  private final RunningCommand command;
  private final LineSplitter errors;
  private final BlockingQueue<ByteBuf> toWrite = new LinkedBlockingQueue<>();
  private final AtomicInteger unsent = new AtomicInteger();
  private final Semaphore unread = new Semaphore(MAX_UNREAD);

  private boolean inputEnded;
  private boolean outputEnded;
  private boolean errorsEnded;
  private volatile String lastError = "";
  private OptionalInt status = OptionalInt.empty();
  private Reader reader;
  private boolean closed;

  /**
   * @param log gets the lines of its standard error
   */
  CommandBytes(Loop loop, RunningCommand command, Consumer<String> log) {
    this.loop = loop;
    this.command = command;
    this.errors =
        new LineSplitter(
            line -> {
              lastError = line;
              log.accept(line);
            });
    start("in", this::writeInput);
    start("err", this::readErrors);
    var unused = command.exited().thenAccept(exit -> onLoop(() -> onExit(exit)));
  }

  private void onExit(int exit) {
    status = OptionalInt.of(exit);
    // What it started is of no use without it.
    command.end();
    onSignOfEnd();
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private static void start(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException closed) {
                // As the other end of a pipe does when it is over.
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "weft-link-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  /** False if the loop has ended. */
  private boolean onLoop(Runnable work) {
    try {
      loop.netty().execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      command.end();
      return false;
    }
  }

  private void writeInput() throws IOException, InterruptedException {
    byte[] chunk = new byte[CHUNK];
    try (OutputStream input = command.input()) {
      // Nothing empty is written.
      for (ByteBuf bytes = toWrite.take(); bytes.isReadable(); bytes = toWrite.take()) {
        try {
          while (bytes.isReadable()) {
            int length = Math.min(CHUNK, bytes.readableBytes());
            bytes.readBytes(chunk, 0, length);
            input.write(chunk, 0, length);
            unsent.addAndGet(-length);
          }
          input.flush();
        } finally {
          bytes.release();
        }
      }
    } finally {
      onLoop(this::releaseUnwritten);
    }
  }

  /** From now on nobody writes. */
  private void releaseUnwritten() {
    inputEnded = true;
    for (ByteBuf bytes = toWrite.poll(); bytes != null; bytes = toWrite.poll()) {
      bytes.release();
    }
  }

  private void readErrors() throws IOException {
    byte[] chunk = new byte[CHUNK];
    try (InputStream in = command.errors()) {
      for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
        errors.add(chunk, 0, length);
      }
    } finally {
      errors.end();
      onLoop(
          () -> {
            errorsEnded = true;
            onSignOfEnd();
          });
    }
  }

  private void readOutput() throws IOException, InterruptedException {
    byte[] chunk = new byte[CHUNK];
    try (InputStream in = command.output()) {
      for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
        ByteBuf bytes = PooledByteBufAllocator.DEFAULT.directBuffer(length);
        bytes.writeBytes(chunk, 0, length);
        unread.acquire();
        if (!onLoop(() -> give(bytes))) {
          bytes.release();
          return;
        }
      }
    } finally {
      onLoop(
          () -> {
            outputEnded = true;
            onSignOfEnd();
          });
    }
  }

  private void give(ByteBuf bytes) {
    unread.release();
    try {
      if (!closed) {
        reader.onBytes(bytes);
      }
    } finally {
      bytes.release();
    }
    if (!closed && unread.availablePermits() == MAX_UNREAD) {
      reader.onPause();
    }
  }

  private void onSignOfEnd() {
    // Before somebody reads, the output has not been looked at.
    boolean ending = outputEnded || status.isPresent();
    if (reader == null || closed || !ending) {
      return;
    }
    if (outputEnded && errorsEnded && status.isPresent()) {
      end();
    } else {
      var unused = loop.netty().schedule(this::end, LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void end() {
    if (closed) {
      return;
    }
    String reason =
        status.isPresent()
            ? "exit status " + status.getAsInt() + (lastError.isEmpty() ? "" : ": " + lastError)
            : "the command closed its standard output";
    close();
    reader.onEnd(reason);
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public void read(Reader to) {
    reader = to;
    start("out", this::readOutput);
  }

  @Override
  public void write(ByteBuf bytes) {
    if (closed || inputEnded) {
      bytes.release();
      return;
    }
    unsent.addAndGet(bytes.readableBytes());
    toWrite.add(bytes);
  }

  @Override
  public int unsent() {
    return unsent.get();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      toWrite.add(END);
      command.end();
    }
  }
}

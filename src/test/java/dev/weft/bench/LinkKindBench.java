package dev.weft.bench;

import com.sun.management.ThreadMXBean;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.linux.NullModem;
import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.mesh.link.kind.ExecKind;
import dev.weft.mesh.link.kind.SerialKind;
import dev.weft.mesh.link.kind.TcpKind;
import dev.weft.mesh.link.kind.UnixKind;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Frames of 1400 bytes one way over a link of each kind, both ends in this process, against plain
 * writes of as many bytes into a Unix socket. Prints a table.
 */
public final class LinkKindBench {
  private static final int FRAME = FrameLabel.MAX_FRAME;
  private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long MEASURE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private static final String OVER = "the measurement is over";

  /** Frames sent and not received: fewer than any kind drops. */
  private static final int UNDERWAY = 64;

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final Loop one = Loop.of(vertx);
  private final Loop other = Loop.of(vertx);
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final BlockingQueue<Transport> accepted = new LinkedBlockingQueue<>();
  private final Path directory;

  private LinkKindBench() throws Exception {
    directory = Files.createTempDirectory("links");
  }

  public static void main(String[] args) throws Exception {
    System.out.printf(
        "%-28s %12s %12s %16s%n", "one way, 1400 bytes", "frames/s", "Mbit/s", "heap B/frame");
    new LinkKindBench().run();
    // Vert.x and its threads are still there.
    System.exit(0);
  }

  private void run() throws Exception {
    plain();
    String socket = directory.resolve("link").toString();
    await(new UnixKind(vertx, () -> other).listen(socket, accepted::add));
    measure("unix", dial(new UnixKind(vertx, () -> one), "unix", socket), accepted());

    SecurityConfig alone =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    Identity identity = Identity.load(alone, directory, Clock.systemUTC());
    String tcp =
        await(new TcpKind(vertx, () -> other, identity).listen("127.0.0.1:0", accepted::add))
            .address();
    measure(
        "tcp, TLS",
        dial(new TcpKind(vertx, () -> one, identity), "tcp", tcp.substring("tcp://".length())),
        accepted());

    Transport cat = dial(new ExecKind(vertx, () -> one), "exec", "cat");
    measure("exec cat, there and back", cat, cat);

    NullModem cable = new NullModem(bytes -> bytes);
    measure(
        "serial, pty at 4 Mbit/s",
        dial(new SerialKind(vertx, () -> one), "serial", cable.one().toString()),
        dial(new SerialKind(vertx, () -> other), "serial", cable.other().toString()));
  }

  private Transport accepted() throws InterruptedException {
    return accepted.poll(10, TimeUnit.SECONDS);
  }

  private static Transport dial(LinkKind kind, String scheme, String rest) throws Exception {
    return await(
        kind.dial(
            new MeshConfig.Link(
                new MeshConfig.LinkAddress(scheme, rest),
                Optional.empty(),
                Optional.empty(),
                4_000_000)));
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static final class Counter implements Transport.Receiver {
    final AtomicLong frames = new AtomicLong();

    @Override
    public void onFrame(ByteBuf frame) {
      frames.lazySet(frames.get() + 1);
    }

    @Override
    public void onIdle() {}

    @Override
    public void onClosed(String reason) {
      if (!reason.equals(OVER)) {
        System.err.println(reason);
      }
    }
  }

  private void measure(String name, Transport from, Transport to) throws Exception {
    Counter counter = new Counter();
    Transport.Receiver nobody = new Counter();
    to.loop().run(() -> to.receive(counter));
    if (from != to) {
      from.loop().run(() -> from.receive(nobody));
    }
    AtomicBoolean over = new AtomicBoolean();
    from.loop().netty().execute(new Sender(from, counter, over));

    Thread.sleep(TimeUnit.NANOSECONDS.toMillis(WARM_UP_NANOS));
    long frames = counter.frames.get();
    long heap = heap(from.loop()) + (from.loop().equals(to.loop()) ? 0 : heap(to.loop()));
    long begun = System.nanoTime();
    Thread.sleep(TimeUnit.NANOSECONDS.toMillis(MEASURE_NANOS));
    frames = counter.frames.get() - frames;
    heap = heap(from.loop()) + (from.loop().equals(to.loop()) ? 0 : heap(to.loop())) - heap;
    row(name, frames, System.nanoTime() - begun, heap);
    over.set(true);
    from.close(OVER);
    to.close(OVER);
  }

  /** Sends as much as arrives. */
  private record Sender(Transport from, Counter counter, AtomicBoolean over, AtomicLong sent)
      implements Runnable {
    Sender(Transport from, Counter counter, AtomicBoolean over) {
      this(from, counter, over, new AtomicLong());
    }

    @Override
    public void run() {
      // What a lossy line has lost is not waited for.
      long dropped = from.dropped();
      while (sent.get() - counter.frames.get() - dropped < UNDERWAY) {
        from.send(PooledByteBufAllocator.DEFAULT.directBuffer(FRAME).writerIndex(FRAME));
        sent.lazySet(sent.get() + 1);
      }
      from.flush();
      if (!over.get()) {
        from.loop().netty().execute(this);
      }
    }
  }

  /** Bytes that the loop's thread has allocated. */
  private long heap(Loop loop) throws Exception {
    long id = await(loop.call(() -> Future.succeededFuture(Thread.currentThread().getId())));
    return threads.getThreadAllocatedBytes(id);
  }

  private static void row(String name, long frames, long nanos, long heap) {
    double seconds = nanos / 1e9;
    System.out.printf(
        "%-28s %12.0f %12.0f %16s%n",
        name,
        frames / seconds,
        frames * 8.0 * FRAME / 1e6 / seconds,
        heap < 0 ? "" : "%.0f".formatted((double) heap / Math.max(1, frames)));
  }

  /** A thread that writes and one that reads, as links write: 11 frames at a time. */
  private void plain() throws Exception {
    UnixDomainSocketAddress at = UnixDomainSocketAddress.of(directory.resolve("plain"));
    int batch = 11 * (FRAME + 2);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(at);
      SocketChannel client = SocketChannel.open(at);
      SocketChannel read = server.accept();
      Thread writer =
          new Thread(
              () -> {
                ByteBuffer bytes = ByteBuffer.allocateDirect(batch);
                try {
                  while (true) {
                    client.write(bytes.clear());
                  }
                } catch (java.io.IOException closed) {
                  // The measurement is over.
                }
              });
      writer.start();
      ByteBuffer into = ByteBuffer.allocateDirect(64 << 10);
      long total = 0;
      long begun = System.nanoTime();
      while (System.nanoTime() - begun < MEASURE_NANOS) {
        total += read.read(into.clear());
      }
      row("plain Unix socket", total / (FRAME + 2), System.nanoTime() - begun, -1);
      read.close();
      client.close();
      writer.join();
    }
  }
}

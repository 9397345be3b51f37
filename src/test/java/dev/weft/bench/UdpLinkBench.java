package dev.weft.bench;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.mesh.MeshNode;
import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.LinkKind.Listening;
import dev.weft.mesh.link.Transport;
import dev.weft.mesh.link.kind.UdpKind;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Frames of 1,400 bytes through one relay over udp links, against a plain UDP relay in the same
 * run. Sender, relay and receiver are threads of this process on loopback. What counts is the
 * processor time of the relay's thread for a frame: the others would else decide, with few cores.
 * Prints a table.
 */
public final class UdpLinkBench {
  private static final Clock CLOCK = Clock.systemUTC();
  private static final int WARM_UP_SECONDS = 3;
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);

  /** Frames under way: less than what any socket or QUIC's queue drops. */
  private static final int WINDOW = 256;

  private static final int BURST = 32;

  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong arrived = new AtomicLong();
  private long progressAt;
  private long progress;

  private UdpLinkBench() {}

  public static void main(String[] args) throws Exception {
    System.out.printf(
        "%-44s %12s %12s %12s%n",
        FrameLabel.MAX_FRAME + " bytes through a relay", "frames/s", "us/frame", "of plain");
    double plain = new UdpLinkBench().plainRelay();
    new UdpLinkBench().links(plain);
    new UdpLinkBench().nodes(plain);
    System.exit(0);
  }

  /** How many frames may be sent now; what was lost is written off when nothing arrives. */
  private int room() {
    long now = System.nanoTime();
    long got = arrived.get();
    if (got != progress) {
      progress = got;
      progressAt = now;
    } else if (now - progressAt > TimeUnit.MILLISECONDS.toNanos(20)) {
      sent.set(got);
      progressAt = now;
    }
    long room = WINDOW - (sent.get() - got);
    return room < BURST ? 0 : BURST;
  }

  /** Frames a second of the relay's processor time. */
  private double measure(String name, long relayThread, double plain) throws Exception {
    TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
    var threads = ManagementFactory.getThreadMXBean();
    long frames = arrived.get();
    long begun = System.nanoTime();
    long cpu = threads.getThreadCpuTime(relayThread);
    TimeUnit.SECONDS.sleep(SECONDS);
    cpu = threads.getThreadCpuTime(relayThread) - cpu;
    double seconds = (System.nanoTime() - begun) / 1e9;
    frames = arrived.get() - frames;
    double micros = cpu / 1e3 / frames;
    System.out.printf(
        "%-44s %12.0f %12.2f %12s%n",
        name, frames / seconds, micros, plain == 0 ? "" : "%.2f".formatted(plain / micros));
    return micros;
  }

  private double plainRelay() throws Exception {
    try (DatagramChannel source = bound();
        DatagramChannel relay = bound();
        DatagramChannel sink = bound()) {
      Thread passing = thread("relay", relay, sink.getLocalAddress());
      passing.start();
      thread("sink", sink, null).start();
      Thread sending =
          new Thread(
              () -> {
                ByteBuffer frame = ByteBuffer.allocateDirect(FrameLabel.MAX_FRAME);
                while (source.isOpen()) {
                  int room = room();
                  for (int i = 0; i < room; i++) {
                    send(source, frame.rewind(), relay);
                  }
                  sent.addAndGet(room);
                  if (room == 0) {
                    LockSupport.parkNanos(20_000);
                  }
                }
              });
      sending.start();
      return measure("plain UDP, receive and send", passing.getId(), 0);
    }
  }

  private static DatagramChannel bound() throws IOException {
    return DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static void send(DatagramChannel from, ByteBuffer frame, DatagramChannel to) {
    try {
      from.send(frame, to.getLocalAddress());
    } catch (AsynchronousCloseException closed) {
      // The end of the run.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Passes on what arrives, or counts it. */
  private Thread thread(String name, DatagramChannel from, java.net.SocketAddress to) {
    return new Thread(
        () -> {
          ByteBuffer frame = ByteBuffer.allocateDirect(2048);
          try {
            while (from.isOpen()) {
              from.receive(frame.clear());
              if (to == null) {
                arrived.incrementAndGet();
              } else {
                from.send(frame.flip(), to);
              }
            }
          } catch (AsynchronousCloseException closed) {
            // The end of the run.
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        name);
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static long threadOf(Loop loop) throws Exception {
    CompletableFuture<Long> id = new CompletableFuture<>();
    loop.run(() -> id.complete(Thread.currentThread().getId()));
    return id.get(20, TimeUnit.SECONDS);
  }

  /** Three ends on loops of their own, and what they are made of. */
  private static final class Ends implements AutoCloseable {
    final Vertx vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(4));
    final Path directory = Files.createTempDirectory("udp-link-bench");
    final CertificateAuthority mesh =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, CLOCK);
    final Loop sending = Loop.of(vertx);
    final Loop relaying = Loop.of(vertx);
    final Loop receiving = Loop.of(vertx);

    Ends() throws IOException {}

    Identity identity(String name) {
      CertificateAuthority.Issued files =
          mesh.issueNode(directory.resolve(name), name, List.of(), 5);
      return Identity.load(
          new SecurityConfig(
              Optional.of(files.ca()), Optional.of(files.cert()), Optional.of(files.key()), false),
          directory,
          CLOCK);
    }

    UdpKind kind(Loop loop, Identity identity) {
      return new UdpKind(vertx, List.of(loop), identity);
    }

    @Override
    public void close() throws Exception {
      result(vertx.close());
    }
  }

  private static MeshConfig.Link to(Listening listening) {
    String address = listening.address().substring("udp://".length());
    return new MeshConfig.Link(
        new MeshConfig.LinkAddress("udp", address), Optional.empty(), Optional.empty(), 0);
  }

  /** Takes frames and does nothing else. */
  private interface Frames extends Transport.Receiver {
    @Override
    default void onIdle() {}

    @Override
    default void onClosed(String reason) {}
  }

  /** Links alone: what arrives over the one is sent over the other. */
  private void links(double plain) throws Exception {
    try (Ends ends = new Ends()) {
      CompletableFuture<Transport> in = new CompletableFuture<>();
      CompletableFuture<Transport> last = new CompletableFuture<>();
      UdpKind relay = ends.kind(ends.relaying, ends.identity("relay"));
      Listening listening = result(relay.listen("127.0.0.1:0", in::complete));
      Listening end =
          result(
              ends.kind(ends.receiving, ends.identity("end"))
                  .listen("127.0.0.1:0", last::complete));
      Transport first = result(ends.kind(ends.sending, ends.identity("begin")).dial(to(listening)));
      Transport out = result(relay.dial(to(end)));
      Frames counted = frame -> arrived.incrementAndGet();
      Frames ignored = frame -> {};
      Transport received = last.get(20, TimeUnit.SECONDS);
      Transport relayed = in.get(20, TimeUnit.SECONDS);
      ends.receiving.run(() -> received.receive(counted));
      ends.relaying.run(
          () ->
              relayed.receive(
                  new Frames() {
                    @Override
                    public void onFrame(ByteBuf frame) {
                      out.send(frame.retain());
                    }

                    @Override
                    public void onIdle() {
                      out.flush();
                    }
                  }));
      ends.relaying.run(() -> out.receive(ignored));
      ends.sending.run(() -> first.receive(ignored));
      Runnable send =
          () ->
              first.send(
                  PooledByteBufAllocator.DEFAULT
                      .directBuffer(FrameLabel.MAX_FRAME)
                      .writeZero(FrameLabel.MAX_FRAME));
      ends.sending.run(() -> feed(ends.sending, send, first::flush));
      measure("udp links, frames passed on", threadOf(ends.relaying), plain);
      System.out.printf(
          "  dropped: sender %d, relay %d and %d, receiver %d%n",
          first.dropped(), relayed.dropped(), out.dropped(), received.dropped());
    }
  }

  /** On the loop, again and again. */
  private void feed(Loop loop, Runnable send, Runnable flush) {
    int room = room();
    for (int i = 0; i < room; i++) {
      send.run();
    }
    sent.addAndGet(room);
    if (room > 0) {
      flush.run();
      loop.netty().execute(() -> feed(loop, send, flush));
    } else {
      var unused = loop.netty().schedule(() -> feed(loop, send, flush), 20, TimeUnit.MICROSECONDS);
    }
  }

  /** Whole nodes: labels, routes and the relay's switch. */
  private void nodes(double plain) throws Exception {
    try (Ends ends = new Ends()) {
      Identity relayId = ends.identity("relay");
      Identity endId = ends.identity("end");
      Identity beginId = ends.identity("begin");
      MeshNode relay = node(ends.relaying, relayId);
      MeshNode end = node(ends.receiving, endId);
      MeshNode begin = node(ends.sending, beginId);
      UdpKind relayKind = ends.kind(ends.relaying, relayId);
      Listening listening = result(relayKind.listen("127.0.0.1:0", relay::accept));
      Listening last = result(ends.kind(ends.receiving, endId).listen("127.0.0.1:0", end::accept));
      relay.keep(relayKind, to(last), false);
      begin.keep(ends.kind(ends.sending, beginId), to(listening), false);
      end.takeDatagrams((from, data) -> arrived.incrementAndGet());
      String destination = endId.nodeId().value();
      result(begin.awaitRoute(destination));
      byte[] data = new byte[MeshNode.MAX_DATAGRAM];
      ends.sending.run(() -> feed(ends.sending, () -> begin.send(destination, data), () -> {}));
      measure("udp links, a node of the mesh", threadOf(ends.relaying), plain);
    }
  }

  private static MeshNode node(Loop loop, Identity identity) {
    MeshConfig config = new MeshConfig(List.of(), List.of(), true, 0, false);
    return new MeshNode(
        loop,
        new MeshNode.Settings(identity.nodeId(), identity.fingerprint(), config, CLOCK),
        new MeshNode.Observer() {
          @Override
          public void happened(Fact fact) {}

          @Override
          public void trouble(String link, String remote, String reason) {}
        });
  }
}

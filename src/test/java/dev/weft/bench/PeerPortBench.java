package dev.weft.bench;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.mesh.MeshNode;
import dev.weft.mesh.link.LinkKind.Listening;
import dev.weft.mesh.link.kind.UdpKind;
import dev.weft.reach.PeerPort;
import dev.weft.reach.PeerPorts;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * One stream between two peers: in memory, over a long path that loses datagrams, with either
 * congestion control, and over udp links of mesh nodes, straight and through a relay; and what an
 * idle connection costs. All ends are threads of this process. Prints tables.
 */
public final class PeerPortBench {
  private static final Clock CLOCK = Clock.systemUTC();
  private static final String PROTOCOL = "bench/1";
  private static final int WARM_UP_SECONDS = 2;
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final int IDLE = 1000;
  private static final double MEGA = 1e6;
  private static final ByteBuf ZEROES = Unpooled.directBuffer(32 << 10).writeZero(32 << 10);

  /** What has come at the other end. */
  private final LongAdder got = new LongAdder();

  private final String chosen;

  private PeerPortBench(String chosen) {
    this.chosen = chosen;
  }

  /**
   * Measures.
   *
   * @param args a part of the names of the rows to measure; none for all
   */
  public static void main(String[] args) throws Exception {
    new PeerPortBench(args.length == 0 ? "" : args[0]).run();
    System.exit(0);
  }

  private void run() throws Exception {
    System.out.printf("%-44s %10s %16s%n", "one stream", "Mbit/s", "CPU ms for 1 MB");
    inMemory("in memory", QuicCongestionControlAlgorithm.BBR, 0, 0);
    for (var congestion :
        List.of(QuicCongestionControlAlgorithm.CUBIC, QuicCongestionControlAlgorithm.BBR)) {
      for (double loss : new double[] {0, 0.01, 0.05}) {
        String name = "RTT 10 ms, %.0f %% lost, %s".formatted(loss * 100, congestion);
        inMemory(name, congestion, 5, loss);
      }
    }
    mesh("over a udp link", 0);
    mesh("over udp links and a relay", 1);
    idle(IDLE + " idle connections");
  }

  private void inMemory(
      String name, QuicCongestionControlAlgorithm congestion, int millis, double loss)
      throws Exception {
    if (!name.contains(chosen)) {
      return;
    }
    Path directory = Files.createTempDirectory("peer-port-bench");
    try (PeerPorts ports = PeerPorts.open(directory, 2, 1, congestion)) {
      ports.delay(Duration.ofMillis(millis)).loss(loss);
      var one = ports.node(0);
      var other = ports.node(1);
      measure(name, one.port(), one.loop(), other.port(), other.loop(), other.id());
    }
  }

  private void measure(
      String name, PeerPort from, Loop fromLoop, PeerPort to, Loop toLoop, NodeId id)
      throws Exception {
    to.accept(PROTOCOL, toLoop, (channel, loop) -> channel.pipeline().addLast(new Sinks()));
    QuicChannel channel = PeerPorts.result(from.dial(id, PROTOCOL, fromLoop, (c, loop) -> {}));
    channel.createStream(QuicStreamType.BIDIRECTIONAL, new Source()).get(20, TimeUnit.SECONDS);
    TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
    long cpu = Consumption.cpuNanos();
    long bytes = got.sum();
    long begin = System.nanoTime();
    TimeUnit.SECONDS.sleep(SECONDS);
    bytes = got.sum() - bytes;
    double seconds = (System.nanoTime() - begin) / 1e9;
    cpu = Consumption.cpuNanos() - cpu;
    System.out.printf(
        Locale.ROOT,
        "%-44s %10.0f %16.2f%n",
        name,
        bytes * 8 / MEGA / seconds,
        cpu / 1e6 / (bytes / MEGA));
  }

  /** Sends as much as the stream takes. */
  private static final class Source extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      pump(ctx);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      pump(ctx);
    }

    private static void pump(ChannelHandlerContext ctx) {
      while (ctx.channel().isWritable()) {
        var unused = ctx.write(ZEROES.retainedDuplicate());
      }
      ctx.flush();
    }
  }

  /** Counts what streams bring. */
  private final class Sinks extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object stream) {
      ((QuicStreamChannel) stream)
          .pipeline()
          .addLast(
              new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext c, Object bytes) {
                  got.add(((ByteBuf) bytes).readableBytes());
                  ((ByteBuf) bytes).release();
                }
              });
      ctx.fireChannelRead(stream);
    }
  }

  /** A node of the mesh with a port of its own. */
  private static final class End {
    final Vertx vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    final Loop loop = Loop.of(vertx);
    final Identity identity;
    final MeshNode node;
    final UdpKind kind;
    final PeerPort port;

    End(Path directory, CertificateAuthority ca, String name) throws Exception {
      CertificateAuthority.Issued files = ca.issueNode(directory.resolve(name), name, List.of(), 5);
      identity =
          Identity.load(
              new SecurityConfig(
                  Optional.of(files.ca()),
                  Optional.of(files.cert()),
                  Optional.of(files.key()),
                  false),
              directory,
              CLOCK);
      node =
          new MeshNode(
              loop,
              new MeshNode.Settings(
                  identity.nodeId(),
                  identity.fingerprint(),
                  new MeshConfig(List.of(), List.of(), true, 0, false),
                  CLOCK),
              new MeshNode.Observer() {
                @Override
                public void happened(Fact fact) {}

                @Override
                public void trouble(String link, String remote, String reason) {}
              });
      kind = new UdpKind(vertx, List.of(loop), identity);
      port = PeerPorts.result(PeerPort.open(List.of(loop), identity));
      PeerPorts.result(node.join(port));
    }

    void linkTo(End next) throws Exception {
      Listening listening = PeerPorts.result(next.kind.listen("127.0.0.1:0", next.node::accept));
      String address = listening.address().substring("udp://".length());
      node.keep(
          kind,
          new MeshConfig.Link(
              new MeshConfig.LinkAddress("udp", address), Optional.empty(), Optional.empty(), 0),
          false);
    }
  }

  private void mesh(String name, int relays) throws Exception {
    if (!name.contains(chosen)) {
      return;
    }
    Path directory = Files.createTempDirectory("peer-port-bench");
    CertificateAuthority ca =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, CLOCK);
    List<End> ends = new ArrayList<>();
    for (int i = 0; i < relays + 2; i++) {
      ends.add(new End(directory, ca, "n" + i));
    }
    for (int i = 0; i <= relays; i++) {
      ends.get(i).linkTo(ends.get(i + 1));
    }
    End first = ends.get(0);
    End last = ends.get(relays + 1);
    PeerPorts.result(first.node.awaitRoute(last.identity.nodeId().value()));
    PeerPorts.result(last.node.awaitRoute(first.identity.nodeId().value()));
    measure(name, first.port, first.loop, last.port, last.loop, last.identity.nodeId());
    for (End end : ends) {
      PeerPorts.result(end.node.close());
      PeerPorts.result(end.vertx.close());
    }
  }

  private void idle(String name) throws Exception {
    if (!name.contains(chosen)) {
      return;
    }
    Path directory = Files.createTempDirectory("peer-port-bench");
    try (PeerPorts ports = PeerPorts.open(directory, 2, 1)) {
      var one = ports.node(0);
      var other = ports.node(1);
      other.port().accept(PROTOCOL, other.loop(), (channel, loop) -> {});
      dial(one, other, 50);
      System.gc();
      long before = Consumption.residentKiB();
      long heap = heapBytes();
      long begin = System.nanoTime();
      dial(one, other, IDLE);
      double millis = (System.nanoTime() - begin) / 1e6;
      System.gc();
      heap = heapBytes() - heap;
      long resident = Consumption.residentKiB() - before;
      long cpu = Consumption.cpuNanos();
      TimeUnit.SECONDS.sleep(2L * SECONDS);
      double cores = (Consumption.cpuNanos() - cpu) / (2e9 * SECONDS);
      System.out.printf(
          Locale.ROOT,
          "%n%s, both ends: %d KiB resident each, of them %d KiB heap; "
              + "%.3f cores; made in %.1f ms each%n",
          name,
          resident / IDLE,
          heap / 1024 / IDLE,
          cores,
          millis / IDLE);
    }
  }

  private static void dial(PeerPorts.Node from, PeerPorts.Node to, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      Future<QuicChannel> dialled =
          from.port().dial(to.id(), PROTOCOL, from.loop(), (c, loop) -> {});
      PeerPorts.result(dialled);
    }
  }

  private static long heapBytes() {
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}

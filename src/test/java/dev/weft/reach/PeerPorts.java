package dev.weft.reach;

import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Ports of nodes of one mesh, joined by a path in memory that loses, delays and reorders as it is
 * told. Each port has loops of a Vert.x of its own.
 */
public final class PeerPorts implements AutoCloseable {
  private static final Clock CLOCK = Clock.systemUTC();

  /** One node's part. */
  public record Node(Identity identity, PeerPort port, List<Loop> loops, Vertx vertx) {
    public NodeId id() {
      return identity.nodeId();
    }

    /** The first of its loops. */
    public Loop loop() {
      return loops.get(0);
    }

    /** Works on that loop, and waits for what comes of it. */
    public <T> T call(Supplier<Future<T>> work) {
      try {
        return result(loop().call(work));
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }

    public <T> T on(Supplier<T> work) {
      return call(() -> Future.succeededFuture(work.get()));
    }

    public void run(Runnable work) {
      var unused =
          call(
              () -> {
                work.run();
                return Future.succeededFuture();
              });
    }
  }

  private final List<Node> nodes = new ArrayList<>();
  private final Map<Long, PeerPort> ports = new ConcurrentHashMap<>();
  private final Set<Set<Long>> cuts = ConcurrentHashMap.newKeySet();
  private final Vertx air = Vertx.vertx();
  private final Loop wire = Loop.of(air);
  private final LongAdder carried = new LongAdder();
  private volatile double loss;
  private volatile double late;
  private volatile long delayMicros;

  private final Path directory;
  private final CertificateAuthority mesh;

  private PeerPorts(Path directory) {
    this.directory = directory;
    this.mesh = CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, CLOCK);
  }

  /**
   * Opens ports that all reach each other.
   *
   * @param directory for keys, an empty one
   * @param loops of each port
   */
  public static PeerPorts open(Path directory, int count, int loops) throws Exception {
    return open(directory, count, loops, QuicSettings.CONGESTION);
  }

  public static PeerPorts open(
      Path directory, int count, int loops, QuicCongestionControlAlgorithm congestion)
      throws Exception {
    PeerPorts ports = new PeerPorts(directory);
    for (int i = 0; i < count; i++) {
      ports.add(identity(directory, ports.mesh, "n" + i), loops, congestion);
    }
    return ports;
  }

  /** A node that this CA vouches for. */
  public static Identity identity(Path directory, CertificateAuthority ca, String name) {
    CertificateAuthority.Issued files = ca.issueNode(directory.resolve(name), name, List.of(), 5);
    return Identity.load(
        new SecurityConfig(
            Optional.of(files.ca()), Optional.of(files.cert()), Optional.of(files.key()), false),
        directory,
        CLOCK);
  }

  /** One more port on the path. */
  public Node add(Identity identity, int loops) throws Exception {
    return add(identity, loops, QuicSettings.CONGESTION);
  }

  private Node add(Identity identity, int count, QuicCongestionControlAlgorithm congestion)
      throws Exception {
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(count));
    List<Loop> loops = IntStream.range(0, count).mapToObj(i -> Loop.of(vertx)).toList();
    PeerPort port = result(PeerPort.open(loops, identity, congestion));
    Node node = new Node(identity, port, loops, vertx);
    nodes.add(node);
    ports.put(identity.nodeId().number(), port);
    port.path(from(identity.nodeId().number()));
    return node;
  }

  /** Gives a node a new certificate for its key. */
  public void renew(int i) {
    mesh.issueNode(directory.resolve("n" + i), "n" + i, List.of(), 9);
    node(i).identity().reload();
  }

  public Node node(int i) {
    return nodes.get(i);
  }

  /** Of all datagrams, a share from 0 to 1 is lost. */
  public PeerPorts loss(double share) {
    loss = share;
    return this;
  }

  /** How long each datagram takes. */
  public PeerPorts delay(Duration delay) {
    delayMicros = delay.toNanos() / 1000;
    return this;
  }

  /** Of all datagrams, a share from 0 to 1 takes up to 2 ms longer, and is overtaken. */
  public PeerPorts reorder(double share) {
    late = share;
    return this;
  }

  /** From now on nothing passes between two nodes, and none reaches the other. */
  public void cut(int one, int other) {
    cuts.add(Set.of(number(one), number(other)));
  }

  /** Ends a cut. Nobody is told; {@link PeerPort#probe} does that. */
  public void join(int one, int other) {
    cuts.remove(Set.of(number(one), number(other)));
  }

  /** Datagrams that have gone on their way. */
  public long carried() {
    return carried.sum();
  }

  private long number(int i) {
    return node(i).id().number();
  }

  /** The path of one node. */
  public PeerPort.DatagramPath from(long self) {
    return new PeerPort.DatagramPath() {
      @Override
      public boolean reaches(long node) {
        return ports.containsKey(node) && node != self && !cuts.contains(Set.of(self, node));
      }

      @Override
      public void send(long node, ByteBuf datagram) {
        carry(self, node, datagram);
      }
    };
  }

  private void carry(long from, long to, ByteBuf datagram) {
    PeerPort port = ports.get(to);
    ThreadLocalRandom random = ThreadLocalRandom.current();
    if (port == null
        || (!cuts.isEmpty() && cuts.contains(Set.of(from, to)))
        || (loss > 0 && random.nextDouble() < loss)) {
      return;
    }
    carried.increment();
    long micros = delayMicros + (random.nextDouble() < late ? random.nextLong(2000) : 0);
    if (micros == 0) {
      port.arrived(from, datagram);
      return;
    }
    ByteBuf copy = Unpooled.copiedBuffer(datagram);
    var unused =
        wire.netty().schedule(() -> port.arrived(from, copy), micros, TimeUnit.MICROSECONDS);
  }

  /** What a future holds within 20 s, or the exception it failed with. */
  public static <T> T result(Future<T> future) throws Exception {
    try {
      return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  @Override
  public void close() throws Exception {
    for (Node node : nodes) {
      result(node.port().close("the test is over"));
    }
    for (Node node : nodes) {
      result(node.vertx().close());
    }
    result(air.close());
  }
}

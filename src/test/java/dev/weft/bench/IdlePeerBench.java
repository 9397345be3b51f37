package dev.weft.bench;

import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.Peers;
import dev.weft.reach.PeerPort;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * What an idle peer costs: one node with 1,000 peers, each of which has no other, in one JVM over a
 * path in memory. Each peer is four ends of connections, of which the one node has two. Prints a
 * table.
 */
public final class IdlePeerBench {
  private static final int STEP = 250;
  private static final int PEERS = 1000;
  private static final int QUIET_SECONDS = 5;

  private final Vertx vertx = Vertx.vertx();
  private final Loop loop = Loop.of(vertx);
  private final Path directory;
  private final Map<Long, PeerPort> ports = new ConcurrentHashMap<>();

  private IdlePeerBench(Path directory) {
    this.directory = directory;
  }

  /** A node of the bench. */
  private record Node(long id, Peers peers) {}

  public static void main(String[] args) throws Exception {
    new IdlePeerBench(Files.createTempDirectory("weft-idle-peers")).run();
  }

  private void run() throws Exception {
    Node hub = node(0);
    List<Node> others = new ArrayList<>();
    for (int i = 1; i <= PEERS; i++) {
      others.add(node(i));
    }
    long before = 0;
    System.out.println("| peers | handshakes, s | resident MiB | KiB a connection's end | cores |");
    System.out.println("| --- | --- | --- | --- | --- |");
    for (int count = 0; count <= PEERS; count += STEP) {
      long begin = System.nanoTime();
      for (Node other : others.subList(Math.max(0, count - STEP), count)) {
        reach(hub, other);
        reach(other, hub);
      }
      int wanted = count;
      Awaitility.await()
          .atMost(120, TimeUnit.SECONDS)
          .until(() -> up(hub) == wanted && ends(others) == wanted);
      double seconds = (System.nanoTime() - begin) / 1e9;
      System.gc();
      double cores = Consumption.cores(QUIET_SECONDS);
      long resident = Consumption.residentKiB();
      if (count == 0) {
        before = resident;
      }
      System.out.printf(
          Locale.ROOT,
          "| %d | %.1f | %.1f | %s | %.3f |%n",
          count,
          seconds,
          resident / 1024.0,
          count == 0 ? "-" : "%.1f".formatted((resident - before) / 4.0 / count),
          cores);
    }
    System.exit(0);
  }

  private Node node(int number) throws Exception {
    SecurityConfig insecure =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    Identity identity = Identity.load(insecure, directory.resolve("n" + number), Clock.systemUTC());
    long self = identity.nodeId().number();
    PeerPort port = result(PeerPort.open(List.of(loop), identity));
    port.path(
        new PeerPort.DatagramPath() {
          @Override
          public boolean reaches(long node) {
            return ports.containsKey(node);
          }

          @Override
          public void send(long node, ByteBuf datagram) {
            ports.get(node).arrived(self, datagram);
          }
        });
    ports.put(self, port);
    return new Node(
        self,
        new Peers(
            new Peers.Ground(
                loop,
                identity.nodeId(),
                port,
                to -> to,
                new SecureRandom(),
                Clock.systemUTC(),
                fact -> {})));
  }

  private void reach(Node one, Node other) {
    loop.run(() -> one.peers().reachable(other.id(), true));
  }

  private long ends(List<Node> nodes) throws Exception {
    return result(
        loop.call(
            () ->
                Future.succeededFuture(
                    nodes.stream().filter(n -> n.peers().count("up") == 1).count())));
  }

  private long up(Node node) throws Exception {
    return result(loop.call(() -> Future.succeededFuture(node.peers().rows()))).stream()
        .filter(row -> row.state().equals("up") && row.accepted())
        .map(MeshPeer::node)
        .count();
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }
}

package dev.weft.testkit;

import dev.weft.config.ConfigFile;
import dev.weft.identity.CertificateAuthority;
import dev.weft.node.Node;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Real nodes in this JVM, on addresses 127.0.1.1 and up, in mutual TLS and one Hazelcast cluster.
 * Their wires' ends live in namespaces of the host, which close with the cluster.
 */
public final class TestCluster implements AutoCloseable {
  private static final long WITHIN_SECONDS = 60;

  /** Hazelcast binds to addresses that a device has, so its members differ by port. */
  private static final int CLUSTER_PORT = 15700;

  public static final int GRPC_PORT = 51200;

  private final Path directory;
  private final CertificateAuthority ca;
  private final int size;
  private final boolean meshnet;
  private final List<Node> nodes = new ArrayList<>();

  private TestCluster(Path directory, CertificateAuthority ca, int size, boolean meshnet) {
    this.meshnet = meshnet;
    this.directory = directory;
    this.ca = ca;
    this.size = size;
  }

  /** Starts {@code size} nodes, n1 first. */
  public static TestCluster start(Path directory, int size) throws Exception {
    return start(directory, size, false);
  }

  /** Nodes that serve plugins and foreign daemons of meshnet too, each at its address. */
  public static TestCluster startWithMeshnet(Path directory, int size) throws Exception {
    return start(directory, size, true);
  }

  private static TestCluster start(Path directory, int size, boolean meshnet) throws Exception {
    CertificateAuthority ca =
        CertificateAuthority.create(directory.resolve("ca"), "test", 31, Clock.systemUTC());
    TestCluster cluster = new TestCluster(directory, ca, size, meshnet);
    try {
      for (int i = 1; i <= size; i++) {
        cluster.nodes.add(cluster.startNode(i));
      }
      return cluster;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** Node {@code number}, from 1. */
  public Node node(int number) {
    return nodes.get(number - 1);
  }

  /** Starts a node again after {@link #stop}. */
  public Node restart(int number) throws Exception {
    Node node = startNode(number);
    nodes.set(number - 1, node);
    return node;
  }

  public void stop(int number) throws Exception {
    await(node(number).close());
  }

  /** The node's API on a Unix socket, for any number of nodes in one namespace. */
  public Path socket(int number) {
    return home(number).resolve("http.sock");
  }

  public static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(WITHIN_SECONDS, TimeUnit.SECONDS);
  }

  private Node startNode(int number) throws Exception {
    return startNode(number, number);
  }

  /** Starts a node with the key and certificate of another, as a cloned disk has them. */
  public Node startTwin(int number) throws Exception {
    return startNode(size + 1, number);
  }

  private Node startNode(int number, int identity) throws Exception {
    String text = configuration(number, identity);
    return await(Node.start(ConfigFile.parse(text, Map.of()), Clock.systemUTC()));
  }

  /** Directory of a node's key and certificate. */
  public Path home(int number) {
    return directory.resolve("n" + number);
  }

  private String configuration(int number, int identity) throws IOException {
    Path home = Files.createDirectories(home(number));
    String address = addressOf(number);
    String name = "n" + identity;
    CertificateAuthority.Issued issued =
        ca.issueNode(home(identity), name, List.of(addressOf(identity)), 30);
    String join =
        IntStream.rangeClosed(1, size)
            .filter(i -> i != number)
            .mapToObj(i -> "127.0.0.1:" + (CLUSTER_PORT + i))
            .collect(Collectors.joining(", "));
    return """
        node: { name: %s, data: %s }
        cluster: { name: test, port: %d, join: [%s], bus: "%s:0" }
        grpc: { host: %s, port: %d, meshnet: "%s" }
        http: { port: 0, socket: %s }
        security: { ca: %s, cert: %s, key: %s }
        wires: { on-stop: keep }
        nsm: { sockets: %s }
        """
        .formatted(
            name,
            home.resolve("data"),
            CLUSTER_PORT + number,
            join,
            address,
            address,
            GRPC_PORT + number,
            meshnet ? address + ":51111" : "",
            home.resolve("http.sock"),
            issued.ca(),
            issued.cert(),
            issued.key(),
            home.resolve("nsm"));
  }

  public static String addressOf(int number) {
    return "127.0.1." + number;
  }

  @Override
  public void close() throws Exception {
    for (Node node : nodes) {
      await(node.close());
    }
    for (Node node : nodes) {
      dev.weft.linux.Netns.deleteIfExists("weft-" + node.id());
    }
  }
}

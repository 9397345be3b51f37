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
import java.util.function.IntFunction;
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
  private final Shape shape;
  private final IntFunction<CertificateAuthority> authorities;
  private final List<Node> nodes = new ArrayList<>();

  /**
   * What a cluster is like.
   *
   * @param meshnet whether nodes serve plugins and foreign daemons of meshnet, each at its address
   * @param ownAuthorities whether each node has a certificate of a CA of its own
   * @param wires the keys of that section of each node's configuration
   */
  public record Shape(int size, boolean meshnet, boolean ownAuthorities, String wires) {
    public static Shape of(int size) {
      return new Shape(size, false, false, "on-stop: keep");
    }

    public Shape withMeshnet() {
      return new Shape(size, true, ownAuthorities, wires);
    }

    public Shape withOwnAuthorities() {
      return new Shape(size, meshnet, true, wires);
    }

    public Shape withWires(String keys) {
      return new Shape(size, meshnet, ownAuthorities, keys);
    }
  }

  private TestCluster(Path directory, Shape shape) {
    this.directory = directory;
    this.shape = shape;
    List<CertificateAuthority> made =
        IntStream.rangeClosed(1, shape.ownAuthorities() ? shape.size() : 1)
            .mapToObj(
                i ->
                    CertificateAuthority.create(
                        directory.resolve("ca" + i), "test", 31, Clock.systemUTC()))
            .toList();
    this.authorities = number -> made.get(Math.min(number, made.size()) - 1);
  }

  /** Starts {@code size} nodes, n1 first. */
  public static TestCluster start(Path directory, int size) throws Exception {
    return start(directory, Shape.of(size));
  }

  public static TestCluster start(Path directory, Shape shape) throws Exception {
    TestCluster cluster = new TestCluster(directory, shape);
    try {
      for (int i = 1; i <= shape.size(); i++) {
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
    return restart(number, "");
  }

  /**
   * As {@link #restart(int)}, with more in its configuration.
   *
   * @param sections lines of weft.yaml
   */
  public Node restart(int number, String sections) throws Exception {
    String text = configuration(number, number) + sections;
    Node node = await(Node.start(ConfigFile.parse(text, Map.of()), Clock.systemUTC()));
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
    return startNode(shape.size() + 1, number);
  }

  private Node startNode(int number, int identity) throws Exception {
    String text = configuration(number, identity);
    return await(Node.start(ConfigFile.parse(text, Map.of()), Clock.systemUTC()));
  }

  /** Directory of a node's key and certificate. */
  public Path home(int number) {
    return directory.resolve("n" + number);
  }

  /** Makes a node's certificate, and its key unless it has one. */
  public CertificateAuthority.Issued issue(int number) {
    return authorities
        .apply(number)
        .issueNode(home(number), "n" + number, List.of(addressOf(number)), 30);
  }

  private String configuration(int number, int identity) throws IOException {
    Path home = Files.createDirectories(home(number));
    String address = addressOf(number);
    String name = "n" + identity;
    CertificateAuthority.Issued issued = issue(identity);
    String join =
        IntStream.rangeClosed(1, shape.size())
            .filter(i -> i != number)
            .mapToObj(i -> "127.0.0.1:" + (CLUSTER_PORT + i))
            .collect(Collectors.joining(", "));
    return """
    node: { name: %s, data: %s }
    cluster: { name: test, port: %d, join: [%s], bus: "%s:0" }
    grpc: { host: %s, port: %d, meshnet: "%s" }
    http: { port: 0, socket: %s }
    security: { ca: %s, cert: %s, key: %s }
    wires: { %s }
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
            shape.meshnet() ? address + ":51111" : "",
            home.resolve("http.sock"),
            issued.ca(),
            issued.cert(),
            issued.key(),
            shape.wires(),
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

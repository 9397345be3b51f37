package dev.weft.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.address.Cidr;
import dev.weft.cli.ApiClient;
import dev.weft.identity.CertificateAuthority;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/**
 * Real node processes, each in a namespace of its own with the address 10.99.0.N on eth0, joined by
 * two bridges: what can be killed, stopped and cut off. Nodes on different bridges do not reach
 * each other.
 */
public final class ProcessCluster implements AutoCloseable {
  private static final Duration READY_WITHIN = Duration.ofSeconds(60);

  private final Path directory;
  private final IntFunction<String> extraConfiguration;
  private final CertificateAuthority ca;
  private final TestNetns bridge = TestNetns.create("sw");
  private final List<TestNetns> hosts = new ArrayList<>();
  private final List<NodeProcess> nodes = new ArrayList<>();

  private final boolean secure;
  private final boolean joined;

  /** Nodes with higher numbers have no join list. */
  private int members = Integer.MAX_VALUE;

  private ProcessCluster(
      Path directory, boolean secure, boolean joined, IntFunction<String> extraConfiguration) {
    this.directory = directory;
    this.secure = secure;
    this.joined = joined;
    this.extraConfiguration = extraConfiguration;
    this.ca = CertificateAuthority.create(directory.resolve("ca"), "test", 31, Clock.systemUTC());
  }

  /** Makes {@code size} nodes with their namespaces and starts none. */
  public static ProcessCluster prepare(Path directory, int size, String extraConfiguration)
      throws Exception {
    return prepare(
        new ProcessCluster(directory, true, size > 1, number -> extraConfiguration), size);
  }

  /**
   * Starts {@code size} nodes that are no members of one cluster, and waits until each is ready.
   *
   * @param extraConfiguration further lines of the weft.yaml of a node, given its number
   */
  public static ProcessCluster startApart(
      Path directory, int size, IntFunction<String> extraConfiguration) throws Exception {
    ProcessCluster nodes =
        prepare(new ProcessCluster(directory, true, false, extraConfiguration), size);
    try {
      nodes.startAll();
      return nodes;
    } catch (Exception | AssertionError e) {
      nodes.close();
      throw e;
    }
  }

  /**
   * Starts {@code members} nodes of one cluster, and then {@code outposts} nodes without a join
   * list; waits until each is ready, and no longer.
   *
   * @param extraConfiguration further lines of the weft.yaml of a node, given its number
   */
  public static ProcessCluster startWithOutposts(
      Path directory, int members, int outposts, IntFunction<String> extraConfiguration)
      throws Exception {
    ProcessCluster nodes = new ProcessCluster(directory, true, true, extraConfiguration);
    nodes.members = members;
    prepare(nodes, members + outposts);
    try {
      nodes.startAll();
      return nodes;
    } catch (Exception | AssertionError e) {
      nodes.close();
      throw e;
    }
  }

  private static ProcessCluster prepare(ProcessCluster cluster, int size) throws Exception {
    try {
      cluster.makeNetwork(size);
      for (int i = 1; i <= size; i++) {
        cluster.nodes.add(cluster.configure(i, size));
      }
      return cluster;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /**
   * Starts {@code size} nodes and waits until all are members.
   *
   * @param extraConfiguration further lines of each node's weft.yaml
   */
  public static ProcessCluster start(Path directory, int size, String extraConfiguration)
      throws Exception {
    return start(directory, size, true, number -> extraConfiguration);
  }

  /**
   * As {@link #start(Path, int, String)}, for measuring: on a JDK, compiled as outside tests, in
   * mutual TLS or in plain.
   */
  public static ProcessCluster startOn(
      Path jdk, Path directory, int size, boolean secure, String extraConfiguration)
      throws Exception {
    ProcessCluster cluster =
        prepare(new ProcessCluster(directory, secure, size > 1, n -> extraConfiguration), size);
    cluster.nodes.forEach(node -> node.jdk(jdk));
    return started(cluster, size);
  }

  /** As {@link #start(Path, int, String)}, with lines for each node by its number. */
  public static ProcessCluster start(
      Path directory, int size, boolean secure, IntFunction<String> extraConfiguration)
      throws Exception {
    return started(
        prepare(new ProcessCluster(directory, secure, size > 1, extraConfiguration), size), size);
  }

  private static ProcessCluster started(ProcessCluster cluster, int size) throws Exception {
    try {
      cluster.startAll();
      cluster.awaitMembers(size);
      return cluster;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /**
   * The first node, and the others as soon as they can find it, without waiting until it is ready:
   * nodes that start in the same moment would have to become one cluster first.
   */
  private void startAll() throws Exception {
    start(1);
    if (joined) {
      Awaitility.await("cluster port of n1")
          .atMost(READY_WITHIN)
          .pollInterval(Duration.ofMillis(50))
          .failFast(node(1)::assertRunning)
          .until(() -> !host(1).run("ss", "-Hltn", "sport = :5701").isBlank());
    }
    for (int i = 2; i <= nodes.size(); i++) {
      start(i);
    }
    nodes.forEach(NodeProcess::awaitReady);
  }

  /** Starts node {@code number}'s process, from 1; it is not waited for. */
  public void start(int number) throws Exception {
    node(number).start();
  }

  /** SIGKILL, and waits until the process is gone. */
  public void kill(int number) throws Exception {
    node(number).kill();
  }

  /** Moves the nodes to the other bridge: they reach each other, and the others do not. */
  public void partition(int... numbers) throws Exception {
    for (int number : numbers) {
      bridge.run("ip", "link", "set", "n" + number, "master", "br1");
    }
  }

  public void heal() throws Exception {
    for (int i = 1; i <= nodes.size(); i++) {
      bridge.run("ip", "link", "set", "n" + i, "master", "br0");
    }
  }

  /** The subnet that a node says it has; empty for none. */
  public String subnetOf(int number) {
    for (JsonNode lease : api(number).get("/api/v1/subnets").path("items")) {
      if (lease.path("self").asBoolean()) {
        return lease.path("subnet").asText();
      }
    }
    return "";
  }

  /** SIGSTOP: the process stands still, and its connections stay open. */
  public void freeze(int number) throws Exception {
    node(number).freeze();
  }

  /** SIGCONT. */
  public void thaw(int number) throws Exception {
    node(number).thaw();
  }

  /** SIGTERM, and waits for the end; its exit code. */
  public int stop(int number) throws Exception {
    return node(number).stop();
  }

  public NodeProcess node(int number) {
    return nodes.get(number - 1);
  }

  public Process process(int number) {
    return node(number).process();
  }

  public String id(int number) {
    return node(number).id();
  }

  public TestNetns host(int number) {
    return hosts.get(number - 1);
  }

  /** The namespace of the bridges br0 and br1, whose ports n1, n2 and so on are the hosts'. */
  public TestNetns network() {
    return bridge;
  }

  public static String addressOf(int number) {
    return "10.99.0." + number;
  }

  public ApiClient api(int number) {
    return node(number).api();
  }

  public void awaitReady(int number) {
    node(number).awaitReady();
  }

  public void awaitMembers(int count) {
    for (NodeProcess node : nodes) {
      ApiClient api = node.api();
      if (node.isRunning()) {
        Awaitility.await("members at " + node.name())
            .atMost(READY_WITHIN)
            .until(() -> members(api) == count);
      }
    }
  }

  /** How many live members a node knows, itself included. */
  public int members(int number) {
    return members(api(number));
  }

  private static int members(ApiClient api) {
    int live = 0;
    for (JsonNode node : api.get("/api/v1/nodes").path("items")) {
      live += node.path("state").asText().equals("away") ? 0 : 1;
    }
    return live;
  }

  /** Registers a pod in a namespace on a node. */
  public void pod(int number, String name, TestNetns netns) {
    node(number).pod(name, netns);
  }

  /** Makes a link and waits until it is up at both nodes; the wire's id. */
  public String link(
      int uid,
      int nodeA,
      String podA,
      String addressA,
      int nodeB,
      String podB,
      String addressB,
      String more) {
    return node(nodeA).link(uid, podA, addressA, node(nodeB), podB, addressB, more);
  }

  public void awaitUp(int number, String wire, Duration within) {
    node(number).awaitUp(wire, within);
  }

  private void makeNetwork(int size) throws Exception {
    TestBridge br0 = TestBridge.create(bridge, "br0");
    TestBridge.create(bridge, "br1");
    for (int i = 1; i <= size; i++) {
      TestNetns host = TestNetns.create("n" + i);
      hosts.add(host);
      br0.join("n" + i, host, "eth0", Cidr.parse(addressOf(i) + "/24"));
    }
  }

  private NodeProcess configure(int number, int size) throws IOException {
    String address = addressOf(number);
    // Who has nobody to join stays on loopback.
    boolean member = joined && number <= members;
    String bind = member ? address : "127.0.0.1";
    String join =
        IntStream.rangeClosed(1, size)
            .filter(i -> member && i <= members && i != number)
            .mapToObj(ProcessCluster::addressOf)
            .collect(Collectors.joining(", "));
    String extra = extraConfiguration.apply(number);
    String more =
        """
        cluster: { name: test, bind: %s, join: [%s], role: %s, bus: "%s:0" }
        %s
        %s
        """
            .formatted(
                bind,
                join,
                members == 1 && member ? "member" : "auto",
                bind,
                extra.contains("grpc:") ? "" : "grpc: { host: " + address + " }",
                extra);
    return NodeProcess.prepare(
        directory.resolve("n" + number), host(number), ca, address, secure, more);
  }

  /** Directory of a node's configuration, key and log. */
  public Path home(int number) {
    return node(number).home();
  }

  /** What the node printed. */
  public String log(int number) {
    return node(number).log();
  }

  @Override
  public void close() throws Exception {
    for (NodeProcess node : nodes) {
      node.close();
    }
    hosts.forEach(TestNetns::close);
    bridge.close();
  }
}

package dev.weft.testkit;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.cli.ApiClient;
import dev.weft.identity.CertificateAuthority;
import dev.weft.linux.Netns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import org.awaitility.core.TerminalFailureException;

/**
 * Real node processes, each in a namespace of its own, joined by two bridges: nodes on different
 * ones do not reach each other. Node i has the address 10.99.0.i on eth0.
 */
public final class NodeProcesses implements AutoCloseable {
  private static final Duration READY_WITHIN = Duration.ofSeconds(90);

  private final Path directory;
  private final CertificateAuthority ca;
  private final int size;
  private final String extra;
  private final TestNetns switches = TestNetns.create("switch");
  private final List<TestNetns> namespaces = new ArrayList<>();
  private final List<String> ids = new ArrayList<>();
  private final Process[] processes;

  /**
   * Makes the namespaces; starts nothing.
   *
   * @param extra lines of every node's configuration
   */
  public NodeProcesses(Path directory, int size, String extra) throws Exception {
    this.directory = directory;
    this.size = size;
    this.extra = extra;
    this.processes = new Process[size];
    this.ca = CertificateAuthority.create(directory.resolve("ca"), "test", 31, Clock.systemUTC());
    for (String bridge : List.of("br0", "br1")) {
      switches.run("ip", "link", "add", bridge, "type", "bridge");
      switches.run("ip", "link", "set", bridge, "up");
    }
    for (int i = 1; i <= size; i++) {
      TestNetns netns = TestNetns.create("n" + i);
      namespaces.add(netns);
      switches.run(
          "ip", "link", "add", "p" + i, "type", "veth", "peer", "eth0", "netns", netns.name());
      switches.run("ip", "link", "set", "p" + i, "master", "br0", "up");
      netns.run("ip", "addr", "add", addressOf(i) + "/24", "dev", "eth0");
      netns.run("ip", "link", "set", "eth0", "up");
      ids.add(configure(i));
    }
  }

  public static String addressOf(int node) {
    return "10.99.0." + node;
  }

  public TestNetns netns(int node) {
    return namespaces.get(node - 1);
  }

  public String id(int node) {
    return ids.get(node - 1);
  }

  public ApiClient api(int node) {
    return ApiClient.of("unix:" + home(node).resolve("http.sock"), null);
  }

  /** What the node printed. */
  public String log(int node) throws Exception {
    return Files.readString(home(node).resolve("log"));
  }

  /** Starts a process, without waiting for it to be ready. */
  public void start(int node) throws Exception {
    Files.deleteIfExists(home(node).resolve("http.sock"));
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            WeftProcess.JVM_OPTIONS,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.weft.Weft",
            "run",
            "--conf",
            home(node).resolve("weft.yaml").toString());
    // Not through ip netns exec, which gives a mount namespace of its own: what a node mounts there
    // under /run/netns would be gone with its process.
    try (Netns netns = netns(node).open()) {
      processes[node - 1] =
          netns.call(
              () ->
                  new ProcessBuilder(command)
                      .redirectErrorStream(true)
                      .redirectOutput(home(node).resolve("log").toFile())
                      .start());
    }
  }

  /** Fails with what the node printed if it ends, or is not ready in time. */
  public void awaitReady(int node) throws Exception {
    try {
      await()
          .atMost(READY_WITHIN)
          .failFast("it ended", () -> !processes[node - 1].isAlive())
          .until(() -> Files.exists(home(node).resolve("http.sock")) && api(node).ready());
    } catch (ConditionTimeoutException | TerminalFailureException e) {
      List<String> lines = Files.readAllLines(home(node).resolve("log"));
      throw new AssertionError(
          "node "
              + node
              + " is not ready: "
              + String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size())),
          e);
    }
  }

  /** Ends the process without a word to it. */
  public void kill(int node) {
    processes[node - 1].destroyForcibly().onExit().join();
  }

  /** Moves the nodes to the other bridge: they reach each other, and the others do not. */
  public void partition(int... nodes) throws Exception {
    for (int node : nodes) {
      switches.run("ip", "link", "set", "p" + node, "master", "br1");
    }
  }

  public void heal() throws Exception {
    for (int i = 1; i <= size; i++) {
      switches.run("ip", "link", "set", "p" + i, "master", "br0");
    }
  }

  /** The subnet that a node says it has; empty for none. */
  public String subnetOf(int node) {
    for (JsonNode lease : api(node).get("/api/v1/subnets").path("items")) {
      if (lease.path("self").asBoolean()) {
        return lease.path("subnet").asText();
      }
    }
    return "";
  }

  private Path home(int node) {
    return directory.resolve("n" + node);
  }

  private String configure(int node) throws Exception {
    Files.createDirectories(home(node));
    String address = addressOf(node);
    CertificateAuthority.Issued issued = ca.issueNode(home(node), "n" + node, List.of(address), 30);
    String join =
        IntStream.rangeClosed(1, size)
            .filter(i -> i != node)
            .mapToObj(NodeProcesses::addressOf)
            .collect(Collectors.joining(", "));
    Files.writeString(
        home(node).resolve("weft.yaml"),
        """
        node: { name: n%d, data: %s }
        cluster: { name: test, bind: %s, join: [%s], bus: "%s:0" }
        grpc: { host: %s }
        http: { socket: %s }
        security: { ca: %s, cert: %s, key: %s }
        %s
        """
            .formatted(
                node,
                home(node).resolve("data"),
                size == 1 ? "127.0.0.1" : address,
                join,
                size == 1 ? "127.0.0.1" : address,
                address,
                home(node).resolve("http.sock"),
                issued.ca(),
                issued.cert(),
                issued.key(),
                extra));
    return issued.info().nodeId().orElseThrow().value();
  }

  @Override
  public void close() throws Exception {
    for (int i = 1; i <= size; i++) {
      if (processes[i - 1] != null) {
        kill(i);
      }
    }
    for (TestNetns netns : namespaces) {
      netns.close();
    }
    switches.close();
    for (String id : ids) {
      Netns.deleteIfExists("weft-" + id);
    }
  }
}

package dev.weft.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.address.Cidr;
import dev.weft.bus.Json;
import dev.weft.cli.ApiClient;
import dev.weft.identity.CertificateAuthority;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
  private static final int MTU = 1500;

  private final Path directory;
  private final IntFunction<String> extraConfiguration;
  private final CertificateAuthority ca;
  private final TestNetns bridge = TestNetns.create("sw");
  private final List<TestNetns> hosts = new ArrayList<>();
  private final List<Process> processes = new ArrayList<>();
  private final List<String> ids = new ArrayList<>();

  private final boolean secure;
  private final boolean joined;

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
      for (int i = 1; i <= size; i++) {
        nodes.start(i);
      }
      for (int i = 1; i <= size; i++) {
        nodes.awaitReady(i);
      }
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
        cluster.ids.add(cluster.configure(i, size));
        cluster.processes.add(null);
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
    return start(directory, size, true, extraConfiguration);
  }

  /** As {@link #start(Path, int, String)}, in mutual TLS or, for measuring, in plain. */
  public static ProcessCluster start(
      Path directory, int size, boolean secure, String extraConfiguration) throws Exception {
    return start(directory, size, secure, number -> extraConfiguration);
  }

  /** As {@link #start(Path, int, boolean, String)}, with lines for each node by its number. */
  public static ProcessCluster start(
      Path directory, int size, boolean secure, IntFunction<String> extraConfiguration)
      throws Exception {
    ProcessCluster cluster =
        prepare(new ProcessCluster(directory, secure, size > 1, extraConfiguration), size);
    try {
      cluster.start(1);
      cluster.awaitReady(1);
      for (int i = 2; i <= size; i++) {
        cluster.start(i);
      }
      for (int i = 2; i <= size; i++) {
        cluster.awaitReady(i);
      }
      cluster.awaitMembers(size);
      return cluster;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** Starts node {@code number}'s process, from 1; it is not waited for. */
  public void start(int number) throws Exception {
    Path home = home(number);
    Files.deleteIfExists(home.resolve("http.sock"));
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            WeftProcess.JVM_OPTIONS,
            "-cp",
            System.getProperty("java.class.path"),
            "dev.weft.Weft",
            "run",
            "--conf",
            home.resolve("weft.yaml").toString());
    // Not by `ip netns exec`, whose mount namespace would hide the node's own network namespace
    // from the next process.
    try (Netns netns = host(number).open()) {
      processes.set(
          number - 1,
          netns.call(
              () ->
                  new ProcessBuilder(command)
                      .redirectErrorStream(true)
                      .redirectOutput(
                          ProcessBuilder.Redirect.appendTo(home.resolve("node.log").toFile()))
                      .start()));
    }
  }

  /** SIGKILL, and waits until the process is gone. */
  public void kill(int number) throws Exception {
    processes.get(number - 1).toHandle().destroyForcibly();
    processes.get(number - 1).waitFor(10, TimeUnit.SECONDS);
  }

  /** Moves the nodes to the other bridge: they reach each other, and the others do not. */
  public void partition(int... numbers) throws Exception {
    for (int number : numbers) {
      bridge.run("ip", "link", "set", "n" + number, "master", "br1");
    }
  }

  public void heal() throws Exception {
    for (int i = 1; i <= hosts.size(); i++) {
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
    host(number).run("kill", "-STOP", String.valueOf(process(number).pid()));
  }

  /** SIGCONT. */
  public void thaw(int number) throws Exception {
    host(number).run("kill", "-CONT", String.valueOf(process(number).pid()));
  }

  /** SIGTERM, and waits for the end; its exit code. */
  public int stop(int number) throws Exception {
    process(number).toHandle().destroy();
    if (!process(number).waitFor(30, TimeUnit.SECONDS)) {
      throw new AssertionError("node n" + number + " does not stop: " + log(number));
    }
    return process(number).exitValue();
  }

  public Process process(int number) {
    return processes.get(number - 1);
  }

  public String id(int number) {
    return ids.get(number - 1);
  }

  public TestNetns host(int number) {
    return hosts.get(number - 1);
  }

  public static String addressOf(int number) {
    return "10.99.0." + number;
  }

  public ApiClient api(int number) {
    return ApiClient.of("unix:" + home(number).resolve("http.sock"), null);
  }

  public void awaitReady(int number) {
    Awaitility.await("node n" + number + " ready")
        .atMost(READY_WITHIN)
        .pollInterval(Duration.ofMillis(50))
        .failFast("node n" + number + " ended: " + log(number), () -> !process(number).isAlive())
        .until(() -> api(number).ready());
  }

  public void awaitMembers(int count) {
    for (int i = 1; i <= processes.size(); i++) {
      ApiClient api = api(i);
      if (process(i).isAlive()) {
        Awaitility.await("members at n" + i)
            .atMost(READY_WITHIN)
            .until(() -> api.get("/api/v1/nodes").path("items").size() == count);
      }
    }
  }

  /** Registers a pod in a namespace on a node. */
  public void pod(int number, String name, TestNetns netns) {
    api(number)
        .send(
            "PUT",
            "/api/v1/pods/default/" + name,
            "application/json",
            Json.write(Json.mapper().createObjectNode().put("netns", netns.name())));
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
    String body =
        """
        {"uid": %d, "a": {"pod": "%s", "intf": "eth%d", "address": "%s"},
         "b": {"pod": "%s", "intf": "eth%d", "address": "%s"}%s}
        """
            .formatted(uid, podA, uid, addressA, podB, uid, addressB, more);
    JsonNode link = api(nodeA).send("POST", "/api/v1/wires", "application/json", body);
    String wire = link.path("wire").asText();
    awaitUp(nodeA, wire, Duration.ofSeconds(15));
    awaitUp(nodeB, wire, Duration.ofSeconds(15));
    return wire;
  }

  public void awaitUp(int number, String wire, Duration within) {
    Awaitility.await("wire " + wire + " up at n" + number)
        .atMost(within)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> api(number).get("/api/v1/wires/" + wire).path("state").asText().equals("up"));
  }

  private void makeNetwork(int size) throws Exception {
    try (Netns switchNs = bridge.open();
        Netlink inSwitch = Netlink.open(switchNs)) {
      Link br0 = inSwitch.createBridge("br0");
      inSwitch.setUp(br0.index());
      inSwitch.setUp(inSwitch.createBridge("br1").index());
      for (int i = 1; i <= size; i++) {
        TestNetns host = TestNetns.create("n" + i);
        hosts.add(host);
        try (Netns hostNs = host.open();
            Netlink inHost = Netlink.open(hostNs)) {
          Link port =
              inSwitch.createVeth(
                  new VethSpec(
                      "n" + i, MTU, "", true, false, new VethSpec.Peer(hostNs, "eth0", MTU)));
          inSwitch.setMaster(port.index(), br0.index());
          Link eth0 = inHost.require("eth0");
          inHost.addAddress(eth0.index(), Cidr.parse(addressOf(i) + "/24"));
          inHost.setUp(eth0.index());
        }
      }
    }
  }

  private String configure(int number, int size) throws IOException {
    Path home = Files.createDirectories(home(number));
    String address = addressOf(number);
    CertificateAuthority.Issued issued = ca.issueNode(home, "n" + number, List.of(address), 30);
    String security =
        secure
            ? "ca: %s, cert: %s, key: %s".formatted(issued.ca(), issued.cert(), issued.key())
            : "insecure: true";
    // Who has nobody to join stays on loopback.
    String members = joined ? address : "127.0.0.1";
    String join =
        IntStream.rangeClosed(1, size)
            .filter(i -> joined && i != number)
            .mapToObj(ProcessCluster::addressOf)
            .collect(Collectors.joining(", "));
    Files.writeString(
        home.resolve("weft.yaml"),
        """
        node: { name: n%d, data: %s }
        cluster: { name: test, bind: %s, join: [%s], bus: "%s:0" }
        grpc: { host: %s }
        http: { socket: %s }
        security: { %s }
        nsm: { sockets: %s }
        %s
        """
            .formatted(
                number,
                home.resolve("data"),
                members,
                join,
                members,
                address,
                home.resolve("http.sock"),
                security,
                home.resolve("nsm"),
                extraConfiguration.apply(number)));
    return issued.info().nodeId().orElseThrow().value();
  }

  /** Directory of a node's configuration, key and log. */
  public Path home(int number) {
    return directory.resolve("n" + number);
  }

  /** What the node printed. */
  public String log(int number) {
    try {
      return Files.readString(home(number).resolve("node.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() throws Exception {
    for (Process process : processes) {
      if (process != null) {
        process.toHandle().destroyForcibly();
        process.waitFor(10, TimeUnit.SECONDS);
      }
    }
    hosts.forEach(TestNetns::close);
    bridge.close();
    for (String id : ids) {
      Netns.deleteIfExists("weft-" + id);
    }
  }
}

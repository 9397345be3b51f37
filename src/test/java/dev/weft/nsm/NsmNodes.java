package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.address.Cidr;
import dev.weft.bus.Json;
import dev.weft.identity.CertificateAuthority;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import dev.weft.testkit.Need;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.WeftJvm;
import java.io.File;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Real nodes in processes and namespaces of their own, joined by a bridge, with mutual TLS. */
final class NsmNodes implements AutoCloseable {
  static final Path EXAMPLE = Path.of("deploy/examples/nsm").toAbsolutePath();

  private static final Path PROBE = Path.of("src/test/resources/nsm/probe.py").toAbsolutePath();
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final int PAIRS = 1000;
  private static final String ONE_QUEUE = "numtxqueues 1 numrxqueues 1";

  private final Path directory;
  private final TestNetns bridge = TestNetns.create("switch");
  private final List<TestNetns> namespaces = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private final List<Process> programs = new ArrayList<>();

  /** One of them. */
  final class Node {
    final String name;
    final String id;
    final String address;
    final TestNetns netns;
    final Path directory;
    private Process process;

    private Node(String name, String id, String address, TestNetns netns, Path directory) {
      this.name = name;
      this.id = id;
      this.address = address;
      this.netns = netns;
      this.directory = directory;
    }

    Path sockets() {
      return directory.resolve("nsm");
    }

    /** The socket of a pod in the namespace default. */
    Path socketOf(String pod) {
      return sockets().resolve("nsm-" + pod).resolve("nsm.ligato.io.sock");
    }

    Path endpointSocket() {
      return sockets().resolve("nsm.endpoint.io.sock");
    }

    JsonNode connections() throws IOException {
      return get("/api/v1/connections").path("items");
    }

    /** Closes what there is, eight at a time. */
    void closeAll() throws Exception {
      ExecutorService closers = Executors.newFixedThreadPool(8);
      try {
        List<Callable<JsonNode>> closing = new ArrayList<>();
        for (JsonNode connection : connections()) {
          String path = "/api/v1/connections/" + connection.path("id").asText();
          closing.add(() -> http("DELETE", path, ""));
        }
        for (Future<JsonNode> closed : closers.invokeAll(closing)) {
          closed.get();
        }
      } finally {
        closers.shutdown();
      }
    }

    void start() throws IOException {
      List<String> command = new ArrayList<>();
      command.addAll(List.of("nsenter", "--net=/run/netns/" + netns.name()));
      command.addAll(WeftJvm.node(directory.resolve("weft.yaml")));
      process =
          new ProcessBuilder(command)
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log()))
              .start();
    }

    long pid() {
      return process.pid();
    }

    File log() {
      return directory.resolve("node.log").toFile();
    }

    /** As kill -9. */
    void kill() {
      process.destroyForcibly().onExit().join();
    }

    /** SIGTERM, and waits for the end; its exit code. */
    int stop() {
      process.destroy();
      return process.onExit().orTimeout(30, TimeUnit.SECONDS).join().exitValue();
    }

    void awaitMembers(int count) {
      await("members of " + name)
          .atMost(SOON)
          .ignoreExceptions()
          .untilAsserted(
              () -> {
                assertThat(process.isAlive()).as(Files.readString(log().toPath())).isTrue();
                assertThat(get("/api/v1/nodes").path("items"))
                    .filteredOn(member -> !member.path("state").asText().equals("away"))
                    .hasSize(count);
              });
    }

    JsonNode get(String path) throws IOException {
      return http("GET", path, "");
    }

    JsonNode http(String method, String path, String body) throws IOException {
      String answer = text(method, path, body);
      return answer.isEmpty() ? null : Json.mapper().readTree(answer);
    }

    /** A value of /metrics, of a line that starts so. */
    double metric(String line) throws IOException {
      return text("GET", "/metrics", "")
          .lines()
          .filter(l -> l.startsWith(line))
          .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' '))))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no line in /metrics starts with " + line));
    }

    private String text(String method, String path, String body) throws IOException {
      try (SocketChannel channel =
          SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve("http.sock")))) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head =
            "%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    .formatted(method, path)
                + "Content-Length: %d\r\n\r\n".formatted(bytes.length);
        channel.write(ByteBuffer.wrap((head + body).getBytes(StandardCharsets.UTF_8)));
        StringBuilder text = new StringBuilder();
        ByteBuffer in = ByteBuffer.allocate(1 << 16);
        while (channel.read(in.clear()) >= 0) {
          text.append(StandardCharsets.UTF_8.decode(in.flip()));
        }
        String answer = text.substring(text.indexOf("\r\n\r\n") + 4);
        assertThat(text.substring(9, 12)).as(method + " " + path + ": " + answer).startsWith("2");
        return answer;
      }
    }

    /** Registers a new namespace as a pod and waits for its socket. */
    TestNetns pod(String pod) throws IOException {
      TestNetns made = namespace(pod);
      http("PUT", "/api/v1/pods/default/" + pod, "{\"netns\":\"" + made.name() + "\"}");
      await("socket of pod " + pod).atMost(SOON).until(() -> Files.exists(socketOf(pod)));
      return made;
    }

    /** The example's endpoint in a namespace; returns once it is advertised. */
    Process echo(String endpoint, TestNetns where, String... more) throws IOException {
      Path output = directory.resolve(endpoint + ".log");
      List<String> command =
          new ArrayList<>(
              List.of(
                  Need.PYTHON,
                  EXAMPLE.resolve("echo_endpoint.py").toString(),
                  "--sockets",
                  sockets().toString(),
                  "--name",
                  endpoint,
                  "--socket",
                  directory.resolve(endpoint + ".sock").toString()));
      command.addAll(List.of(more));
      Files.deleteIfExists(directory.resolve(endpoint + ".sock"));
      Process started = where.start(output.toFile(), command.toArray(String[]::new));
      programs.removeIf(p -> !p.isAlive());
      programs.add(started);
      await("endpoint " + endpoint)
          .atMost(SOON)
          .untilAsserted(() -> assertThat(Files.readString(output)).contains("provides"));
      return started;
    }

    /** The example's client in a pod. */
    JsonNode ask(String pod, TestNetns where, String requestId, String... more)
        throws IOException, InterruptedException {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Need.PYTHON,
                  EXAMPLE.resolve("echo_client.py").toString(),
                  "--socket",
                  socketOf(pod).toString(),
                  "--request-id",
                  requestId));
      command.addAll(List.of(more));
      String output = where.run(command.toArray(String[]::new));
      return Json.mapper().readTree(output.substring(output.indexOf('{')));
    }
  }

  private NsmNodes(Path directory) {
    this.directory = directory;
  }

  /**
   * What the kernel takes for one of a thousand veth pairs of ip(8), ms: below it nothing can be.
   */
  double vethMillis() throws IOException, InterruptedException {
    try (TestNetns one = TestNetns.create("floor1");
        TestNetns two = TestNetns.create("floor2")) {
      Path batch =
          Files.write(
              directory.resolve("floor.batch"),
              IntStream.range(0, PAIRS)
                  .mapToObj(
                      i ->
                          "link add a%d %s type veth peer name b%d %s netns %s"
                              .formatted(i, ONE_QUEUE, i, ONE_QUEUE, two.name()))
                  .toList());
      long start = System.nanoTime();
      one.run("ip", "-batch", batch.toString());
      return (System.nanoTime() - start) / 1e6 / PAIRS;
    }
  }

  /** What a program in Python finds, see probe.py. */
  static JsonNode probe(TestNetns where, String... arguments)
      throws IOException, InterruptedException {
    String output = where.run(probeCommand(arguments));
    return Json.mapper().readTree(output.substring(output.indexOf("{")));
  }

  static String[] probeCommand(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "PYTHONPATH=" + EXAMPLE,
                "PYTHONDONTWRITEBYTECODE=1",
                Need.PYTHON,
                PROBE.toString()));
    command.addAll(List.of(arguments));
    return command.toArray(String[]::new);
  }

  /**
   * Starts them and waits until each knows all.
   *
   * @param nsm more keys of the section nsm, {@code tunnels: [vxlan]}
   */
  static NsmNodes start(int count, String nsm) throws IOException {
    return start(count, nsm, "");
  }

  /**
   * As {@link #start(int, String)}.
   *
   * @param more lines of each node's configuration
   */
  static NsmNodes start(int count, String nsm, String more) throws IOException {
    // Short, for paths of sockets.
    NsmNodes all = new NsmNodes(Files.createTempDirectory(Path.of("/tmp"), "wn"));
    try {
      all.create(count, nsm, more);
      for (Node node : all.nodes) {
        node.start();
      }
      all.nodes.forEach(n -> n.awaitMembers(count));
      return all;
    } catch (IOException | RuntimeException | AssertionError e) {
      all.close();
      throw e;
    }
  }

  /**
   * Starts nodes that are each a cluster of its own, with a CA of its own.
   *
   * @param nsm for each more keys of the section nsm; {@code {ca1}} stands for the first one's CA
   */
  static NsmNodes apart(String... nsm) throws IOException {
    NsmNodes all = new NsmNodes(Files.createTempDirectory(Path.of("/tmp"), "wn"));
    try {
      all.createApart(nsm);
      for (Node node : all.nodes) {
        node.start();
      }
      all.nodes.forEach(n -> n.awaitMembers(1));
      return all;
    } catch (IOException | RuntimeException | AssertionError e) {
      all.close();
      throw e;
    }
  }

  /**
   * What a node answers to calls that are made with another one's certificate.
   *
   * @param which calls, see proxy.py
   */
  static JsonNode call(String which, Node by, Node to, int port) throws Exception {
    String output =
        by.netns.run(
            "env",
            "PYTHONPATH=" + EXAMPLE,
            "PYTHONDONTWRITEBYTECODE=1",
            Need.PYTHON,
            "src/test/resources/nsm/proxy.py",
            which,
            by.directory.toString(),
            by.name,
            to.directory.toString(),
            to.address + ":" + port,
            to.id + ".weft");
    return Json.mapper().readTree(output.substring(output.indexOf('{')));
  }

  Node node(int number) {
    return nodes.get(number - 1);
  }

  /** Plugs the cable between a node and the others, or pulls it. */
  void link(int number, boolean up) throws IOException, InterruptedException {
    bridge.run("ip", "link", "set", "n" + number, up ? "up" : "down");
  }

  /** A namespace that goes away with the nodes. */
  TestNetns namespace(String label) {
    TestNetns made = TestNetns.create(label);
    namespaces.add(made);
    return made;
  }

  private void create(int count, String nsm, String more) throws IOException {
    CertificateAuthority ca = CertificateAuthority.create(directory, "test", 2, Clock.systemUTC());
    List<TestNetns> hosts = join(count);
    for (int i = 1; i <= count; i++) {
      nodes.add(node(i, count, hosts.get(i - 1), ca, nsm, more));
    }
  }

  private void createApart(String... nsm) throws IOException {
    List<TestNetns> hosts = join(nsm.length);
    for (int i = 1; i <= nsm.length; i++) {
      Path own = Files.createDirectories(directory.resolve("ca" + i));
      CertificateAuthority ca = CertificateAuthority.create(own, "mesh" + i, 2, Clock.systemUTC());
      String more = nsm[i - 1].replaceAll("\\{ca(\\d)}", directory + "/ca$1/ca.pem");
      nodes.add(node(i, 0, hosts.get(i - 1), ca, more, ""));
    }
  }

  /** NamespaceReferences of hosts, joined by a bridge. */
  private List<TestNetns> join(int count) throws IOException {
    List<TestNetns> hosts = new ArrayList<>();
    try (Netns bridgeNs = bridge.open();
        Netlink inBridge = Netlink.open(bridgeNs)) {
      Link br0 = inBridge.createBridge("br0");
      inBridge.setUp(br0.index());
      for (int i = 1; i <= count; i++) {
        TestNetns netns = namespace("n" + i);
        hosts.add(netns);
        try (Netns ns = netns.open();
            Netlink in = Netlink.open(ns)) {
          Link port =
              inBridge.createVeth(
                  new VethSpec(
                      "n" + i, 1500, "", true, false, new VethSpec.Peer(ns, "eth0", 1500)));
          inBridge.setMaster(port.index(), br0.index());
          Link eth0 = in.require("eth0");
          in.addAddress(eth0.index(), Cidr.parse("10.98.0." + i + "/24"));
          in.setUp(eth0.index());
        }
      }
    }
    return hosts;
  }

  private Node node(
      int i, int count, TestNetns netns, CertificateAuthority ca, String nsm, String more)
      throws IOException {
    Path own = Files.createDirectories(directory.resolve("n" + i));
    String address = "10.98.0." + i;
    CertificateAuthority.Issued issued = ca.issueNode(own, "n" + i, List.of(address), 1);
    String join =
        IntStream.rangeClosed(1, count)
            .filter(n -> n != i)
            .mapToObj(n -> "10.98.0." + n)
            .collect(Collectors.joining(", "));
    Files.writeString(
        own.resolve("weft.yaml"),
        """
        node: { name: n%d, data: %s }
        cluster: { name: %s, bind: %s, join: [%s], bus: "%s:0" }
        grpc: { host: %s, external: "%s:51112" }
        http: { socket: %s }
        security: { ca: %s, cert: %s, key: %s }
        nsm: { sockets: %s, %s }
        %s
        """
            .formatted(
                i,
                own.resolve("data"),
                directory.getFileName() + (count == 0 ? "-" + i : ""),
                address,
                join,
                address,
                address,
                address,
                own.resolve("http.sock"),
                issued.ca(),
                issued.cert(),
                issued.key(),
                own.resolve("nsm"),
                nsm,
                more));
    return new Node("n" + i, issued.info().nodeId().orElseThrow().value(), address, netns, own);
  }

  /** The end of a process that is over would be that of another one with its id. */
  private static void end(Process process) {
    if (process.isAlive()) {
      process.destroyForcibly().onExit().join();
    }
  }

  @Override
  public void close() throws IOException {
    programs.forEach(NsmNodes::end);
    for (Node node : nodes) {
      if (node.process != null) {
        node.kill();
      }
    }
    namespaces.forEach(TestNetns::close);
    bridge.close();
    for (Node node : nodes) {
      Netns.deleteIfExists("weft-" + node.id);
    }
    // For whoever wants to know why a test failed.
    Path logs = Files.createDirectories(Path.of("target", "nsm-logs"));
    for (Node node : nodes) {
      if (node.log().exists()) {
        Files.copy(
            node.log().toPath(),
            logs.resolve(directory.getFileName() + "-" + node.name + ".log"),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}

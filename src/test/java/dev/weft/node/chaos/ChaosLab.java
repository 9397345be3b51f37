package dev.weft.node.chaos;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.node.chaos.Act.Answer;
import dev.weft.node.chaos.Act.Outcome;
import dev.weft.testkit.Need;
import dev.weft.testkit.NodeProcess;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.QuiltClient;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Three nodes, namespaces for pods, and a service with an endpoint on two of the nodes. */
final class ChaosLab implements AutoCloseable {
  static final int NODES = 3;
  static final List<String> PODS = List.of("p1", "p2", "p3", "p4", "p5", "p6");

  /** Of each pod, so that it can move from one to the other. */
  static final List<String> NAMESPACES = List.of("a", "b");

  static final List<Integer> SERVERS = List.of(2, 3);

  /** Pods of meshnet's plugin by their nodes. */
  static final Map<Integer, String> PLUGGED = Map.of(1, "q1", 3, "q2");

  /** Of the link between them. */
  static final int PLUG = 90;

  private static final Path EXAMPLE = Path.of("deploy/examples/nsm").toAbsolutePath();
  private static final Path PLUGIN =
      Path.of("src/test/resources/meshnet/plugin.py").toAbsolutePath();
  private static final Duration SOON = Duration.ofSeconds(60);

  private static final String PLUG_TOPOLOGY =
      """
      apiVersion: networkop.co.uk/v1beta1
      kind: Topology
      metadata: { name: %s }
      spec:
        links:
          - { uid: 90, peer_pod: %s, local_intf: e90, peer_intf: e90, local_ip: 12.0.90.%d/24, peer_ip: 12.0.90.%d/24 }
      """;

  private static final String NSM =
      """
      import sys, grpc, nsm
      try:
          if sys.argv[1] == 'request':
              print('done', nsm.request(sys.argv[2], 'echo', sys.argv[3])['connection'])
          else:
              print('done', nsm.close(sys.argv[2], sys.argv[3]))
      except nsm.Refused as e:
          print('refused', e)
      except grpc.RpcError as e:
          print('lost' if e.code().name in ('UNAVAILABLE', 'CANCELLED', 'DEADLINE_EXCEEDED', 'INTERNAL') else 'refused', e.code().name, e.details())
      """;

  private final ProcessCluster cluster;
  private final SortedMap<String, TestNetns> namespaces = new TreeMap<>();
  private final List<TestNetns> servers = new ArrayList<>();

  private ChaosLab(ProcessCluster cluster) {
    this.cluster = cluster;
  }

  static ChaosLab start(Path directory) throws Exception {
    ProcessCluster cluster = ProcessCluster.prepare(directory, NODES, "");
    ChaosLab lab = new ChaosLab(cluster);
    try {
      lab.configure();
      for (int node = 1; node <= NODES; node++) {
        cluster.start(node);
      }
      for (int node = 1; node <= NODES; node++) {
        cluster.awaitReady(node);
      }
      cluster.awaitMembers(NODES);
      lab.serve();
      cluster
          .api(1)
          .send(
              "POST",
              "/api/v1/topologies",
              "application/yaml",
              PLUG_TOPOLOGY.formatted("q1", "q2", 1, 2)
                  + "---\n"
                  + PLUG_TOPOLOGY.formatted("q2", "q1", 2, 1));
      return lab;
    } catch (Exception | AssertionError e) {
      lab.close();
      throw e;
    }
  }

  /** The second node leaves nothing behind when it is stopped; connections wait for endpoints. */
  private void configure() throws IOException {
    for (int node = 1; node <= NODES; node++) {
      Path file = cluster.home(node).resolve("weft.yaml");
      String text =
          Files.readString(file)
              .replaceAll("(nsm: \\{ sockets: [^ ]+) }", "$1, heal: 10m }")
              .replaceAll(
                  "grpc: \\{ host: (\\S+) }",
                  "grpc: { host: $1, port: 51113, meshnet: \"$1:51111\" }");
      Files.writeString(file, text + (node == 2 ? removing() : ""));
    }
    for (String pod : PLUGGED.values()) {
      namespaces.put(pod, TestNetns.create(pod));
    }
    for (String pod : PODS) {
      for (String netns : NAMESPACES) {
        namespaces.put(pod + netns, TestNetns.create(pod + netns));
      }
    }
  }

  static String removing() {
    return "wires: { on-stop: remove }\nsubnets: { on-stop: remove }\n";
  }

  /** From now on, and from its next start on, a node leaves nothing behind. */
  void haveRemoved(int node) throws IOException {
    Path file = cluster.home(node).resolve("weft.yaml");
    if (!Files.readString(file).contains("on-stop")) {
      Files.writeString(file, Files.readString(file) + removing());
    }
  }

  private void serve() throws Exception {
    for (int node : SERVERS) {
      TestNetns netns = TestNetns.create("e" + node);
      servers.add(netns);
      Path output = cluster.home(node).resolve("echo.log");
      netns.start(
          output.toFile(),
          Need.PYTHON,
          EXAMPLE.resolve("echo_endpoint.py").toString(),
          "--sockets",
          cluster.home(node).resolve("nsm").toString(),
          "--name",
          "e" + node,
          "--socket",
          cluster.home(node).resolve("echo.sock").toString());
    }
    for (int node : SERVERS) {
      Path output = cluster.home(node).resolve("echo.log");
      await("endpoint").atMost(SOON).until(() -> Files.readString(output).contains("provides"));
    }
  }

  ProcessCluster cluster() {
    return cluster;
  }

  NodeProcess node(int number) {
    return cluster.node(number);
  }

  /** A namespace of a pod. */
  TestNetns netns(String pod, String which) {
    return namespaces.get(pod + which);
  }

  /** Where a node's endpoint has its connections. */
  TestNetns server(int node) {
    return servers.get(SERVERS.indexOf(node));
  }

  /** Pods of the cluster as a member shows them, and so on. */
  JsonNode list(int node, String path) throws IOException {
    Reply reply = http(node, "GET", path, "");
    if (reply.status != 200) {
      throw new IOException("n" + node + " answers " + path + " with " + reply.status);
    }
    return Json.mapper().readTree(reply.text).path("items");
  }

  private record Reply(int status, String text) {}

  private Reply http(int node, String method, String path, String body) throws IOException {
    try (SocketChannel channel =
        SocketChannel.open(UnixDomainSocketAddress.of(cluster.home(node).resolve("http.sock")))) {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      String type = body.startsWith("apiVersion") ? "application/yaml" : "application/json";
      String head =
          "%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
              .formatted(method, path, type, bytes.length);
      channel.write(ByteBuffer.wrap((head + body).getBytes(StandardCharsets.UTF_8)));
      StringBuilder text = new StringBuilder();
      ByteBuffer in = ByteBuffer.allocate(1 << 16);
      while (channel.read(in.clear()) >= 0) {
        text.append(StandardCharsets.UTF_8.decode(in.flip()));
      }
      int end = text.indexOf("\r\n\r\n");
      if (end < 0) {
        throw new IOException("no answer");
      }
      return new Reply(Integer.parseInt(text.substring(9, 12)), text.substring(end + 4));
    }
  }

  /** A request over the HTTP API. */
  Answer ask(int node, String method, String path, String body) {
    try {
      Reply reply = http(node, method, path, body);
      if (reply.status < 300) {
        return new Answer(Outcome.DONE, reply.text);
      }
      return new Answer(
          reply.status < 500 ? Outcome.REFUSED : Outcome.LOST, reply.status + " " + reply.text);
    } catch (IOException e) {
      return new Answer(Outcome.LOST, e.toString());
    }
  }

  /** A call as a container runtime's agent makes it. */
  Answer quilt(int node, String method, String... fields) {
    try {
      String said = new QuiltClient(cluster.host(node)).call(method, fields);
      return new Answer(said.equals("ok") ? Outcome.DONE : Outcome.REFUSED, said);
    } catch (Exception | AssertionError e) {
      return new Answer(Outcome.LOST, lastLine(e));
    }
  }

  /** What meshnet's plugin does with its two pods, each on its node. */
  Answer plug(String verb) {
    for (Map.Entry<Integer, String> pod : new TreeMap<>(PLUGGED).entrySet()) {
      int node = pod.getKey();
      try {
        cluster
            .host(node)
            .run(
                "env",
                "PYTHONPATH=" + EXAMPLE,
                "PYTHONDONTWRITEBYTECODE=1",
                Need.PYTHON,
                PLUGIN.toString(),
                verb,
                ProcessCluster.addressOf(node),
                pod.getValue(),
                namespaces.get(pod.getValue()).name());
      } catch (Exception | AssertionError e) {
        return new Answer(Outcome.LOST, lastLine(e));
      }
    }
    return new Answer(Outcome.DONE, "");
  }

  private static String lastLine(Throwable failure) {
    List<String> lines = failure.getMessage().strip().lines().toList();
    return lines.get(lines.size() - 1);
  }

  /** A call on a pod's own socket, from within the pod. */
  Answer nsm(int node, String pod, TestNetns from, String verb, String id) {
    try {
      String said =
          from.run(
                  "env",
                  "PYTHONPATH=" + EXAMPLE,
                  "PYTHONDONTWRITEBYTECODE=1",
                  Need.PYTHON,
                  "-c",
                  NSM,
                  verb,
                  cluster.home(node).resolve("nsm/nsm-" + pod + "/nsm.ligato.io.sock").toString(),
                  id)
              .strip();
      Outcome outcome = Outcome.valueOf(said.split(" ", 2)[0].toUpperCase(Locale.ROOT));
      return new Answer(outcome, said);
    } catch (Exception | AssertionError e) {
      return new Answer(Outcome.LOST, lastLine(e));
    }
  }

  @Override
  public void close() throws Exception {
    cluster.close();
    namespaces.values().forEach(TestNetns::close);
    servers.forEach(TestNetns::close);
  }
}

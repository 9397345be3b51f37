package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** One node, its sockets, and programs that use them well, badly and all at once. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LocalServiceIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final int MANY = 1000;
  private static final String ACCEPTED = "weft_nsm_request_seconds_count{outcome=\"accepted\"";

  /** Requests that wait for their answers at any time. */
  private static final int FLIGHT = 50;

  private static NsmNodes nodes;
  private static NsmNodes.Node node;
  private static TestNetns client;
  private static TestNetns there;
  private static EchoEndpoint echo;

  @BeforeAll
  static void start() throws Exception {
    nodes =
        NsmNodes.start(
            1,
            "heal: 1s, client-uids: [4711], allow: { guarded: [default/keeper, 4713], trusted:"
                + " [default/p1] }");
    node = nodes.node(1);
    client = node.pod("c1");
    there = nodes.namespace("echo");
    echo = EchoEndpoint.serve("quick", node, there);
  }

  @AfterAll
  static void stop() throws Exception {
    if (echo != null) {
      echo.close();
    }
    if (nodes != null) {
      nodes.close();
    }
  }

  private static long linksOf(TestNetns netns) throws IOException, InterruptedException {
    return netns.run("ip", "-br", "link").lines().filter(l -> !l.startsWith("lo ")).count();
  }

  /** What the node has of files: its sockets' paths, and how many descriptors are open. */
  private static List<Path> socketFiles() throws IOException {
    try (Stream<Path> files = Files.walk(node.sockets())) {
      return files.sorted().toList();
    }
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(node.pid()), "fd"))) {
      return open.count();
    }
  }

  /** The longest that the room's event loop lets a question wait while something runs, ms. */
  private static final class Pulse implements AutoCloseable {
    private final Thread thread = new Thread(this::beat, "pulse");
    private volatile boolean ended;
    private volatile long longestMillis;
    private volatile IOException failure;

    Pulse() {
      thread.start();
    }

    private void beat() {
      try {
        while (!ended) {
          long asked = System.nanoTime();
          node.get("/api/v1/services");
          long millis = Duration.ofNanos(System.nanoTime() - asked).toMillis();
          longestMillis = Math.max(longestMillis, millis);
          LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
      } catch (IOException e) {
        failure = e;
      }
    }

    long longestMillis() throws Exception {
      close();
      assertThat(failure).isNull();
      return longestMillis;
    }

    @Override
    public void close() throws InterruptedException {
      ended = true;
      thread.join();
    }
  }

  @Test
  @Order(1)
  void shouldKeepItsSocketsToItsOwner() throws IOException {
    assertThat(mode(node.sockets())).isEqualTo("rwx------");
    assertThat(mode(node.endpointSocket())).isEqualTo("rw-------");
    assertThat(mode(node.socketOf("c1").getParent())).isEqualTo("rwx------");
    assertThat(mode(node.socketOf("c1"))).isEqualTo("rw-------");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  @Order(2)
  void shouldSayWhatIsWrongWithARequest() throws Exception {
    String sockets = node.endpointSocket().toString();

    JsonNode outcome =
        NsmNodes.probe(client, "bad", node.socketOf("c1").toString(), sockets, there.name());

    assertThat(outcome.path("no request id").asText()).startsWith("INVALID_ARGUMENT request_id");
    assertThat(outcome.path("no service").asText())
        .startsWith("INVALID_ARGUMENT network_service_name");
    assertThat(outcome.path("unknown service").asText())
        .isEqualTo("NOT_FOUND service nobody: nobody advertises it");
    assertThat(outcome.path("long service").asText())
        .startsWith("INVALID_ARGUMENT network_service_name")
        .contains("of 300 characters");
    assertThat(outcome.path("service with slash").asText()).startsWith("INVALID_ARGUMENT");
    assertThat(outcome.path("unknown namespace").asText())
        .startsWith("INVALID_ARGUMENT linux_namespace: no-such-namespace");
    assertThat(outcome.path("a file as namespace").asText())
        .startsWith("INVALID_ARGUMENT linux_namespace: /etc/passwd");
    assertThat(outcome.path("another namespace").asText())
        .startsWith("PERMISSION_DENIED linux_namespace: " + there.name());
    assertThat(outcome.path("no common type").asText())
        .isEqualTo(
            "FAILED_PRECONDITION no interface type in common: asked MEM_INTERFACE; offered"
                + " DEFAULT_INTERFACE by quick");
    assertThat(outcome.path("unknown type").asText()).startsWith("INVALID_ARGUMENT interface");
    assertThat(outcome.path("own namespace by inode").asText()).isEqualTo("OK");
    assertThat(outcome.path("endpoint socket is a file").asText())
        .startsWith("INVALID_ARGUMENT socket_location: /etc/passwd");
    assertThat(outcome.path("endpoint socket is nothing").asText())
        .startsWith("INVALID_ARGUMENT socket_location: /tmp/no-such.sock");
    assertThat(outcome.path("endpoint without name").asText())
        .startsWith("INVALID_ARGUMENT nse_provider_name");
    assertThat(outcome.path("unknown endpoint removed").asText()).isEqualTo("OK");
    node.closeAll();
    assertThat(linksOf(client)).isZero();
  }

  @Test
  @Order(3)
  void shouldServeAPodsSocketToThatPodAlone() throws Exception {
    TestNetns stranger = nodes.namespace("stranger");

    JsonNode outcome = NsmNodes.probe(stranger, "flood", node.socketOf("c1").toString(), "0");

    assertThat(outcome.path("answer").asText())
        .startsWith("PERMISSION_DENIED caller: process ")
        .contains("expected: one in the network namespace of pod default/c1");
  }

  @Test
  @Order(3)
  void shouldLetOnlyThoseAdvertiseAServiceThatNsmAllowNames() throws Exception {
    // Given
    TestNetns keeper = node.pod("keeper");
    String sockets = node.endpointSocket().toString();
    String endpoint = node.directory.resolve("quick.sock").toString();

    // When
    JsonNode outside = NsmNodes.probe(there, "advertise", sockets, "guarded", endpoint);
    JsonNode inside = NsmNodes.probe(keeper, "advertise", sockets, "guarded", endpoint);

    // Then
    assertThat(outside.path("answer").asText())
        .startsWith("PERMISSION_DENIED service guarded: advertised by uid 0 (expected: one of")
        .contains("default/keeper, 4713");
    assertThat(inside.path("answer").asText()).isEqualTo("OK");
    assertThat(inside.path("removed").asText()).isEqualTo("OK");
  }

  @Test
  @Order(3)
  void shouldServeTheUsersThatTheConfigurationNamesAndNoOthers() throws Exception {
    // Given files that any user could open
    for (Path socket : List.of(node.socketOf("c1"), node.endpointSocket())) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
      Files.setPosixFilePermissions(
          socket.getParent(), PosixFilePermissions.fromString("rwx--x--x"));
    }
    String roots = node.directory.resolve("quick.sock").toString();

    // Then
    assertThat(asUser(4711, client, node.socketOf("c1"), "ask", "echo", "named")).isEqualTo("OK");
    assertThat(asUser(4712, client, node.socketOf("c1"), "ask", "echo", "other"))
        .isEqualTo("PERMISSION_DENIED caller: uid 4712 (expected: 0, or one of nsm.client-uids)");
    assertThat(asUser(4712, there, node.endpointSocket(), "advertise", "echo", roots))
        .startsWith("PERMISSION_DENIED caller: uid 4712");
    assertThat(asUser(4711, there, node.endpointSocket(), "advertise", "echo", roots))
        .isEqualTo(
            "PERMISSION_DENIED socket_location: "
                + roots
                + " belongs to uid 0 (expected: uid 4711, who advertises it)");
    assertThat(asUser(4711, there, node.endpointSocket(), "remove", "echo", "quick", ""))
        .isEqualTo("PERMISSION_DENIED endpoint quick was advertised by uid 0");
    node.closeAll();
  }

  /** By a relative path, since only root may take the whole way. */
  private static String asUser(
      int uid, TestNetns where, Path socket, String role, String... arguments)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("as", Integer.toString(uid)));
    all.addAll(List.of(socket.getParent().toString(), role, socket.getFileName().toString()));
    all.addAll(List.of(arguments));
    return NsmNodes.probe(where, all.toArray(String[]::new)).path("answer").asText();
  }

  @Test
  @Order(4)
  void shouldGiveAnEndpointThatIsNotRootsNoNamespaceButItsOwn() throws Exception {
    // Given
    Path own = Files.createDirectory(node.directory.resolve("own"));
    Files.setOwner(
        own, own.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("4711"));
    // The node's directories are only root's otherwise.
    for (Path way = own.getParent(); !way.equals(Path.of("/tmp")); way = way.getParent()) {
      Files.setPosixFilePermissions(way, PosixFilePermissions.fromString("rwx--x--x"));
    }
    Process modest = endpointOfUser(own, "modest", "");
    Process greedy = endpointOfUser(own, "greedy", client.name());

    // When
    JsonNode modestly =
        NsmNodes.probe(client, "ask", node.socketOf("c1").toString(), "modest", "1");
    JsonNode greedily =
        NsmNodes.probe(client, "ask", node.socketOf("c1").toString(), "greedy", "1");

    // Then
    assertThat(modestly.path("answer").asText()).isEqualTo("OK");
    assertThat(linksOf(there)).isEqualTo(1);
    assertThat(greedily.path("answer").asText())
        .startsWith("REFUSED endpoint default/greedy on node " + node.name + ": linux_namespace: ")
        .endsWith("(expected: that of the endpoint's process, since it is not root's)");
    node.closeAll();
    modest.destroyForcibly().onExit().join();
    greedy.destroyForcibly().onExit().join();
  }

  @Test
  @Order(4)
  void shouldKeepTheConnectionsOfAnEndpointInItsPodUnlessThatIsTrusted() throws Exception {
    TestNetns pod = node.pod("p1");
    Process greedy = endpoint(pod, "grasping", there.name());
    Process trusted = endpoint(pod, "trusted", there.name());

    String kept = request("grasping");
    String elsewhere = request("trusted");

    assertThat(kept)
        .startsWith("REFUSED endpoint default/grasping on node ")
        .endsWith(
            "linux_namespace: %s (expected: that of pod default/p1, unless nsm.allow names it for"
                    .formatted(there.name())
                + " service grasping)");
    assertThat(elsewhere).isEqualTo("OK");
    assertThat(linksOf(there)).isEqualTo(1);
    node.closeAll();
    greedy.destroyForcibly().onExit().join();
    trusted.destroyForcibly().onExit().join();
    node.http("DELETE", "/api/v1/pods/default/p1", "");
  }

  @Test
  @Order(4)
  void shouldLeaveRoutesAloneThatThePodHasAndSayWhichItDidNotSet() throws Exception {
    // Given a pod that has one of the service's routes
    client.run("ip", "route", "add", "unreachable", "10.61.0.0/16");
    Process router = endpoint(there, "router", there.name(), "10.60.0.0/16", "10.61.0.0/16");

    // When
    JsonNode first = routed("0", "10.44.0.0/17");
    JsonNode again = routed("0", "10.44.0.0/17");
    JsonNode with = routed("77", "10.44.128.0/17");

    // Then
    assertThat(first.path("unset").toString())
        .isEqualTo("[[\"10.61.0.0/16\",\"the pod has one with metric 0 already\"]]");
    assertThat(first.path("routes").path(0).asText()).matches("10\\.44\\.(1[3-9]|2|12[89]).*/30");
    assertThat(first.path("routes").path(1).asText()).isEqualTo("10.60.0.0/16");
    assertThat(again).isEqualTo(first);
    assertThat(with.path("unset")).isEmpty();
    assertThat(client.run("ip", "route"))
        .contains("unreachable 10.61.0.0/16")
        .containsPattern("10.60.0.0/16 via .* dev router ")
        .containsPattern("10.61.0.0/16 via .* dev router1 .*metric 77");
    node.closeAll();
    assertThat(client.run("ip", "route")).isEqualTo("unreachable 10.61.0.0/16 \n");
    client.run("ip", "route", "delete", "unreachable", "10.61.0.0/16");
    router.destroyForcibly().onExit().join();
  }

  /** A request for the service router. */
  private static JsonNode routed(String metric, String excluded)
      throws IOException, InterruptedException {
    return NsmNodes.probe(
        client, "routed", node.socketOf("c1").toString(), "router", metric, excluded);
  }

  private static String request(String service) throws IOException, InterruptedException {
    return NsmNodes.probe(client, "ask", node.socketOf("c1").toString(), service, "1")
        .path("answer")
        .asText();
  }

  /** A process of root that provides a service of its own name. */
  private static Process endpoint(
      TestNetns where, String service, String namespace, String... routes) throws IOException {
    List<String> probe =
        new ArrayList<>(
            List.of(
                "endpoint",
                node.endpointSocket().toString(),
                node.directory.resolve(service + ".sock").toString(),
                service,
                namespace));
    probe.addAll(List.of(routes));
    return started(where, service, probe.toArray(String[]::new));
  }

  /** A process of user 4711 that provides a service of its own name. */
  private static Process endpointOfUser(Path directory, String service, String namespace)
      throws IOException {
    return started(
        there,
        service,
        "as",
        "4711",
        node.sockets().toString(),
        "endpoint",
        node.endpointSocket().getFileName().toString(),
        directory.resolve(service + ".sock").toString(),
        service,
        namespace);
  }

  private static Process started(TestNetns where, String service, String... probe)
      throws IOException {
    Path output = node.directory.resolve(service + ".log");
    Process started = where.start(output.toFile(), NsmNodes.probeCommand(probe));
    await(service)
        .atMost(SOON)
        .untilAsserted(() -> assertThat(Files.readString(output)).contains("ready"));
    return started;
  }

  @Test
  @Order(4)
  void shouldRefuseWhatAnEndpointAnswersWrongly() throws Exception {
    String socket = node.socketOf("c1").toString();
    String sockets = node.endpointSocket().toString();
    for (String how : List.of("other", "gone", "silent")) {
      Path output = node.directory.resolve(how + ".log");
      Process liar =
          there.start(
              output.toFile(),
              NsmNodes.probeCommand("liar", sockets, node.directory.toString(), how));
      await(how)
          .atMost(SOON)
          .untilAsserted(() -> assertThat(Files.readString(output)).contains("ready"));

      String answer = client.run(probeRequest(socket, how));

      assertThat(answer)
          .contains(
              switch (how) {
                case "other" -> "it answered request \"another\"";
                case "gone" -> "gone-namespace (expected: an existing network namespace)";
                default -> "no answer within 1";
              });
      liar.destroyForcibly().onExit().join();
    }
    assertThat(node.connections()).isEmpty();
    assertThat(linksOf(client)).isZero();
  }

  private static String[] probeRequest(String socket, String service) {
    String program =
        "import nsm\ntry:\n  nsm.request('%s', '%s', 'r')\nexcept nsm.Refused as e:\n  print(e)"
            .formatted(socket, service);
    return new String[] {
      "env",
      "PYTHONPATH=" + NsmNodes.EXAMPLE,
      "PYTHONDONTWRITEBYTECODE=1",
      Need.PYTHON,
      "-c",
      program
    };
  }

  @Test
  @Order(5)
  void shouldStayWellUnderConnectionsThatNeverSayAWord() throws Exception {
    JsonNode outcome = NsmNodes.probe(client, "flood", node.socketOf("c1").toString(), "10000");

    System.out.println("flood: " + outcome);
    assertThat(outcome.path("answer").asText()).isEqualTo("OK");
    assertThat(outcome.path("millis").asDouble()).isLessThan(5000);
    assertThat(node.get("/api/v1/node").path("id").asText()).isEqualTo(node.id);
    node.closeAll();
  }

  @Test
  @Order(5)
  void shouldNotTakeItsOwnWantOfDescriptorsForTheDeathOfOthers() throws Exception {
    // Given a connection, and a node that may open no more than a few files
    assertThat(request("echo")).isEqualTo("OK");
    long most = descriptors() + 20;
    String pid = Long.toString(node.pid());
    String before =
        client.run("prlimit", "--pid", pid, "--nofile", "--output", "SOFT", "--noheadings").trim();
    client.run("prlimit", "--pid", pid, "--nofile=" + most + ":");

    // When a pod takes all of them, for longer than an endpoint may be away
    JsonNode held = NsmNodes.probe(client, "hold", node.socketOf("c1").toString(), "200", "5");

    // Then nothing is lost
    client.run("prlimit", "--pid", pid, "--nofile=" + before + ":");
    assertThat(held.path("held").asLong()).isGreaterThan(100);
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              assertThat(node.connections().path(0).path("state").asText()).isEqualTo("up");
              assertThat(node.get("/api/v1/services").toString()).contains("quick");
            });
    assertThat(linksOf(client)).isEqualTo(1);
    node.closeAll();
  }

  @Test
  @Order(6)
  void shouldMakeAThousandConnectionsOnceEachAndLeaveNoneOfThem() throws Exception {
    String socket = node.socketOf("c1").toString();
    NsmNodes.probe(
        client, "load", socket, Integer.toString(MANY), Integer.toString(FLIGHT), "warm");
    node.closeAll();
    List<Path> files = socketFiles();
    long descriptors = descriptors();
    double made = node.metric(ACCEPTED);

    // When
    JsonNode first;
    long longestMillis;
    try (Pulse pulse = new Pulse()) {
      first =
          NsmNodes.probe(
              client, "load", socket, Integer.toString(MANY), Integer.toString(FLIGHT), "r");
      longestMillis = pulse.longestMillis();
    }
    JsonNode again =
        NsmNodes.probe(
            client, "load", socket, Integer.toString(MANY), Integer.toString(FLIGHT), "r");

    // Then
    System.out.printf(
        "1,000 requests: %s; the same again: %s; longest wait for the event loop %d ms%n",
        first, again, longestMillis);
    assertThat(first.path("failed").asInt()).as(first.toString()).isZero();
    assertThat(again.path("failed").asInt()).as(again.toString()).isZero();
    assertThat(first.path("interfaces").asInt()).isEqualTo(MANY);
    assertThat(node.metric(ACCEPTED) - made).as("the same again is no new request").isEqualTo(MANY);
    assertThat(linksOf(client)).isEqualTo(MANY);
    assertThat(linksOf(there)).isEqualTo(MANY);
    // On a host that does nothing else some 4 times; here other builds may run beside it.
    assertThat(first.path("p99").asDouble()).isLessThan(20 * FLIGHT * nodes.vethMillis());
    assertThat(longestMillis).as("the room's event loop, ms").isLessThan(500);
    assertThat(Files.readString(node.log().toPath())).doesNotContain("has been blocked for");

    // When
    node.closeAll();

    // Then
    assertThat(linksOf(client)).isZero();
    assertThat(linksOf(there)).isZero();
    assertThat(node.connections()).isEmpty();
    assertThat(socketFiles()).isEqualTo(files);
    await("descriptors are closed")
        .atMost(SOON)
        .untilAsserted(() -> assertThat(descriptors()).isLessThanOrEqualTo(descriptors));
  }

  @Test
  @Order(8)
  void shouldKeepConnectionsWhenTheNodeIsKilledAndComesBack() throws Exception {
    node.http(
        "POST",
        "/api/v1/connections",
        "{\"pod\": \"c1\", \"service\": \"echo\", \"requestId\": \"kept\"}");
    JsonNode before = node.connections().get(0);
    String link = client.run("ip", "-o", "link", "show", "echo");
    node.kill();

    // When
    Files.delete(node.directory.resolve("http.sock"));
    node.start();
    node.awaitMembers(1);

    // Then
    await("its socket is served again").atMost(SOON).until(() -> answersAgain("kept"));
    assertThat(node.connections()).containsExactly(before);
    assertThat(client.run("ip", "-o", "link", "show", "echo")).isEqualTo(link);
  }

  private static boolean answersAgain(String requestId) throws Exception {
    JsonNode load =
        NsmNodes.probe(client, "load", node.socketOf("c1").toString(), "1", "1", requestId);
    closeOthers(requestId);
    return load.path("failed").asInt() == 0;
  }

  /** The probe numbers its requests, so it made another connection. */
  private static void closeOthers(String requestId) throws IOException {
    for (JsonNode connection : node.connections()) {
      if (!connection.path("requestId").asText().equals(requestId)) {
        node.http("DELETE", "/api/v1/connections/" + connection.path("id").asText(), "");
      }
    }
  }

  @Test
  @Order(7)
  void shouldEndWhatAPodThatGoesHad() throws Exception {
    TestNetns brief = node.pod("brief");
    node.http(
        "POST",
        "/api/v1/connections",
        "{\"pod\": \"brief\", \"service\": \"echo\", \"requestId\": \"1\"}");
    assertThat(linksOf(brief)).isEqualTo(1);

    node.http("DELETE", "/api/v1/pods/default/brief", "");

    await("the connection ends")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(node.connections().size()).isZero();
              assertThat(linksOf(brief)).isZero();
              try (Stream<Path> left = Files.list(node.sockets())) {
                assertThat(left).noneMatch(p -> p.toString().contains("brief"));
              }
            });
  }
}

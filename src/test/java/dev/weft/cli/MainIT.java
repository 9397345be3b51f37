package dev.weft.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.api.MemoryMesh;
import dev.weft.api.TestNode;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.cluster.AwayMember;
import dev.weft.cluster.Member;
import dev.weft.mesh.MeshHop;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.MeshService;
import dev.weft.nsm.ConnectionChanged;
import dev.weft.nsm.ConnectionState;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.telemetry.Health;
import dev.weft.testkit.WeftJvm;
import dev.weft.wire.WireState;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class MainIT {
  private static final String N2 = "00000000000000b2";
  private static final String FAR = "00000000000000c3";
  private static final String TWO_PODS =
      """
      apiVersion: networkop.co.uk/v1beta1
      kind: Topology
      metadata: {name: r1}
      spec: {links: [{uid: 1, peer_pod: r2, local_intf: eth1, peer_intf: eth1}]}
      ---
      apiVersion: networkop.co.uk/v1beta1
      kind: Topology
      metadata: {name: r2, namespace: lab}
      spec: {links: []}
      """;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final MemoryMesh mesh = new MemoryMesh();
  @TempDir Path directory;
  private TestNode node;

  @BeforeEach
  void start() {
    node = new TestNode(mesh);
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void shouldPrintTheHelpWithoutArguments() {
    int exit = run("");

    assertThat(exit).isZero();
    assertThat(out.toString())
        .contains("Usage: weft", "status", "topology", "completion", "3   the node died");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "status", "pods"})
  void shouldLoadNothingOfANode(String command) throws Exception {
    node.start();
    Path loaded = directory.resolve("classes");
    List<String> java = WeftJvm.command(command);
    java.add(1, "-Xlog:class+load:file=" + loaded);
    ProcessBuilder process = new ProcessBuilder(java).redirectErrorStream(true);
    process.environment().put("WEFT_URL", node.url());

    Process weft = process.start();
    String said = new String(weft.getInputStream().readAllBytes(), UTF_8);

    assertThat(weft.waitFor()).as(said).isZero();
    assertThat(Files.readAllLines(loaded))
        .anyMatch(line -> line.contains(" dev.weft.cli.Main "))
        .noneMatch(line -> line.matches(".* (ch\\.qos|org\\.slf4j|io\\.vertx|io\\.netty)\\..*"));
  }

  @Test
  void shouldPrintACertificateBeforeTheProcessEnds() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintWriter stdout = new PrintWriter(bytes, true, UTF_8);

    int exit =
        Main.run(
            new ByteArrayInputStream(new byte[0]),
            stdout,
            new PrintWriter(err, true),
            "cert",
            "ca",
            "--dir",
            directory.resolve("ca").toString());

    assertThat(exit).isZero();
    assertThat(bytes.toString(UTF_8)).contains("subject", "fingerprint", "valid until");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no-such-command            | no-such-command: no such command",
        "get pods                   | did you mean: weft pods",
        "describe pod r1            | did you mean: weft pods",
        "apply -f x.yml             | did you mean: weft topology apply",
        "nodse                      | did you mean: weft nodes",
        "wires --watch=1            | '--watch': 1 (expected: the option alone)",
        "wire add --uid x --a a:b --b c:d | '--uid': x (expected: a whole number)",
        "wire                       | Missing required subcommand",
        "proxy                      | Missing required subcommand",
        "pod add r1                 | Missing required option: '--netns",
        "pod add UPPER --netns x    | pod name: UPPER (expected:",
        "wire add --uid 1 --a r1 --b r2:eth1 | r1 (expected: [NS/]POD:IF",
        "wire remove zz             | wire: zz (expected: 16 hex digits, or [NS/]POD:IF",
        "status -o wide             | -o wide: only for lists (expected: json or yaml)",
        "pods -o xml                | Invalid value for option '--output'",
        "status --url ftp://x       | --url: ftp://x (expected: [http://]HOST[:PORT] or"
            + " unix:/path)",
        "status --token-file /nowhere/t | --token-file: /nowhere/t cannot be read",
        "wires --limit 0            | --limit: 0 (expected: 1 or more)",
        "topology apply -f /nowhere/t   | -f: /nowhere/t cannot be read (/nowhere/t: no such file)",
        "ping                       | Missing required parameter: 'NODE'",
        "ping n2 -c 0               | --count: 0 (expected: 1..1000)",
      })
  void shouldRefuseWrongUsageWith2(String line, String message) {
    int exit = run(line);

    assertThat(exit).as(err.toString()).isEqualTo(2);
    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldTellAMistakeInTwoLinesAndAMissingPartWithTheUsage() {
    run("help nope");
    assertThat(err.toString().lines()).hasSize(2);
    err.getBuffer().setLength(0);
    run("nodes --xyz");
    assertThat(err.toString().lines())
        .containsExactly("weft: Unknown option: '--xyz'", "see: weft nodes --help");

    err.getBuffer().setLength(0);
    run("pod");
    assertThat(err.toString()).contains("Usage: weft pod", "add", "list");
  }

  @ParameterizedTest
  @CsvSource({"help, Usage: weft", "help pods, Usage: weft pods", "version, weft "})
  void shouldAnswerToWhatOtherProgramsAnswerTo(String line, String start) {
    assertThat(run(line)).isZero();
    assertThat(out.toString()).startsWith(start);
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "run"})
  void shouldTellNoMoreOfAMistypedRoom(String command) throws Exception {
    Path conf = Files.writeString(directory.resolve("x.yaml"), "nodes: { data: /srv/weft }\n");
    // Where ./data, the default, cannot be made.
    Process weft =
        new ProcessBuilder(WeftJvm.command(command, "--conf", conf.toString()))
            .directory(new File("/proc"))
            .start();

    assertThat(new String(weft.getErrorStream().readAllBytes(), UTF_8))
        .isEqualTo("weft: " + conf + ":1: nodes: unknown key (expected: node)\n");
    assertThat(weft.waitFor()).isEqualTo(2);
  }

  @Test
  void shouldListByTheNameOfTheThingToo() {
    node.start();
    assertThat(run("pod list --url " + node.url().substring("http://".length()))).isZero();
    String listed = out.toString();

    out.getBuffer().setLength(0);
    run("pods --url " + node.url());
    assertThat(listed).isEqualTo(out.toString()).contains("POD");
  }

  @Test
  void shouldTellHowToStartANodeWhenNobodyAnswers() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }

    int tcp = run("status --url http://127.0.0.1:" + port);
    int unix = run("status --url unix:" + directory.resolve("none.sock"));

    assertThat(tcp).isEqualTo(1);
    assertThat(unix).isEqualTo(1);
    assertThat(err.toString().lines())
        .hasSize(2)
        .allSatisfy(l -> assertThat(l).contains("no node answers at", "weft run --conf"));
    assertThat(err.toString()).contains("http://127.0.0.1:" + port);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldPrintTheDetailOfAProblem() {
    node.start();

    int exit = ask("pod add lab/r1 --netns gone");

    assertThat(exit).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("weft: netns: gone (expected: a network namespace)\n");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldShowStatusWithWhatIsWrong() {
    node.start();
    node.wire("0123456789abcdef", 1, WireState.UP, null);
    node.wire("0123456789abcdee", 2, WireState.WAITING, "no peer");
    node.health.raise(
        new Health.Warning("wire", "cap-net-raw", "no CAP_NET_RAW", "all wires", "grant it"));

    int exit = ask("status");

    assertThat(exit).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("node     n1 (00000000000000a1), version 0.1.0, up ")
        .contains("health   degraded\n  wire: no CAP_NET_RAW (cap-net-raw)\n")
        .contains("    affects: all wires\n    action:  grant it\n")
        .endsWith("members  1\npods     0\nwires    2: 1 up, 1 waiting\n");
  }

  @Test
  void shouldFitTheStatusIntoEightyColumns() {
    node.start();
    String code = "foreign-member";
    String text = "is in the cluster with a certificate of another CA ".repeat(3).strip();
    node.health.raise(new Health.Warning("wire", code, text, text, text));

    assertThat(ask("status")).as(err.toString()).isZero();

    assertThat(out.toString())
        .contains(
            """
              wire: is in the cluster with a certificate of another CA is in the cluster
                    with a certificate of another CA is in the cluster with a certificate of
                    another CA (foreign-member)
                affects: is in the cluster with a certificate of another CA is in the
                         cluster with a certificate of another CA is in the cluster with a
                         certificate of another CA
            """);
    assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void shouldCutALinkAndMendIt() {
    node.start();
    node.wire("0123456789abcdef", 1, WireState.UP, null);

    assertThat(ask("link down 0123456789abcdef")).as(err.toString()).isZero();
    assertThat(out.toString()).isEqualTo("wire 0123456789abcdef cut\n");
    assertThat(node.wires.get("0123456789abcdef").reason()).isEqualTo("cut by command");
    assertThat(ask("link up 0123456789abcdef")).as(err.toString()).isZero();

    assertThat(node.wires.get("0123456789abcdef").state()).isEqualTo(WireState.UP);
    assertThat(ask("link down 0123456789abcdee")).isEqualTo(1);
    assertThat(err.toString()).contains("no link has the wire 0123456789abcdee");
  }

  @Test
  void shouldAlignAListAndNameNodes() {
    node.start();
    node.wire("0123456789abcdef", 1, WireState.UP, null);
    node.wire("0123456789abcdee", 12, WireState.WAITING, "node n2 is not a member");

    int exit = ask("wires -o wide");

    assertThat(exit).as(err.toString()).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            WIRE              NODE  KIND   MTU  LOCAL             PEER              STATE    SENT  RECEIVED  DROPS  REASON
            0123456789abcdee  n1    grpc  1500  default/r1:eth12  default/r2:eth12  waiting  1200       900      2  node n2 is not a member
            0123456789abcdef  n1    grpc  1500  default/r1:eth1   default/r2:eth1   up       1200       900      2  -
            """);
  }

  @Test
  void shouldShowListsInFormsForPeopleAndPrograms() throws Exception {
    node.start();
    node.wire("0123456789abcdef", 1, WireState.UP, null);
    node.wire("0123456789abcdee", 12, WireState.WAITING, "node n2 is not a member");

    assertThat(ask("wires")).as(err.toString()).isZero();
    assertThat(ask("wires -o name")).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            WIRE              NODE  KIND  LOCAL             PEER              STATE
            0123456789abcdee  n1    grpc  default/r1:eth12  default/r2:eth12  waiting
                node n2 is not a member
            0123456789abcdef  n1    grpc  default/r1:eth1   default/r2:eth1   up
            0123456789abcdee
            0123456789abcdef
            """);
    out.getBuffer().setLength(0);
    assertThat(ask("wires -o yaml")).isZero();
    assertThat(out.toString()).contains("items:\n  - id: \"0123456789abcdee\"\n", "state: waiting");
    out.getBuffer().setLength(0);
    assertThat(ask("wires -o json")).isZero();
    assertThat(parsed().at("/items/0/state").asText()).isEqualTo("waiting");
  }

  @Test
  void shouldTellWhatADoctorFindsAndFailForAProblem() {
    node.start();

    assertThat(ask("doctor")).as(err.toString()).isEqualTo(1);

    assertThat(out.toString())
        .isEqualTo(
            """
            NODE  STATE    CHECK   REASON
            n1    problem  join    10.0.0.9:5701 does not answer: refused -> start it
            n1    ok       health  every part of the node works
            """);
  }

  @Test
  void shouldWriteABugReportOnceAndNeverOverAFile() throws Exception {
    node.start();
    node.wire("0123456789abcdef", 1, WireState.WAITING, "no peer");
    node.bus.publish(new TestNode.Happened("r1", "it happened"));
    Path file = directory.resolve("report.zip");

    assertThat(ask("bugreport " + file)).as(err.toString()).isZero();
    assertThat(err.toString()).isEmpty();
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(text(zip, "wires.json")).contains("no peer");
      assertThat(text(zip, "events.txt")).contains("it happened");
      assertThat(text(zip, "metrics.txt")).contains("# HELP weft_http_requests_total");
      assertThat(text(zip, "doctor.json")).contains("10.0.0.9:5701 does not answer");
    }
    assertThat(ask("bugreport " + file)).isEqualTo(2);
    assertThat(err.toString()).contains("(expected: a file that is not there yet)");
  }

  private static String text(ZipFile zip, String part) throws IOException {
    return new String(zip.getInputStream(zip.getEntry("weft/" + part)).readAllBytes(), UTF_8);
  }

  @Test
  void shouldShowAllThatIsKnownOfOneThing() throws Exception {
    node.start();
    node.wire("0123456789abcdef", 1, WireState.WAITING, "no peer");
    assertThat(ask("pod add r1 --netns r1ns")).isZero();
    out.getBuffer().setLength(0);

    assertThat(ask("inspect pod r1")).as(err.toString()).isZero();
    assertThat(out.toString())
        .startsWith("pods:\n  - ref: default/r1\n    node: n1 (00000000000000a1)\n")
        .contains("wires:\n  - id: \"0123456789abcdef\"", "reason: no peer");
    out.getBuffer().setLength(0);
    assertThat(ask("inspect node n1 -o json")).isZero();
    assertThat(parsed().at("/pods/0/ref").asText()).isEqualTo("default/r1");
    assertThat(ask("inspect wire 0123456789abcdef")).isZero();
    assertThat(ask("inspect pod nowhere")).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("weft: pod default/nowhere is not known to any member\n");
  }

  @Test
  void shouldDrawThePodsAndTheirLinks() throws Exception {
    node.start();
    String file = Files.writeString(directory.resolve("two.yml"), TWO_PODS).toString();
    assertThat(ask("pod add r1 --netns r1ns")).isZero();
    assertThat(ask("topology apply -f " + file)).isZero();
    out.getBuffer().setLength(0);

    assertThat(ask("graph")).as(err.toString()).isZero();
    assertThat(ask("graph --dot")).isZero();

    assertThat(out.toString())
        .startsWith("graph LR\n  subgraph g0[\"n1\"]\n    b0[\"default/r1\"]\n")
        .contains("b0 -.-|\"eth1 - eth1, waiting\"| b1")
        .contains("b0 -- b1 [label=\"eth1 - eth1, waiting\", style=dashed];");
  }

  @Test
  void shouldWaitUntilLinksAreUpOrTellWhichAreNot() throws Exception {
    node.start();
    String file = Files.writeString(directory.resolve("two.yml"), TWO_PODS).toString();

    assertThat(ask("status --wait")).as(err.toString()).isZero();
    assertThat(ask("topology apply --wait --timeout 0 -f " + file)).isEqualTo(1);

    assertThat(err.toString())
        .startsWith("weft: not within 0 s: default/r1:eth1 is waiting, pod default/r2 is not");
  }

  @Test
  void shouldListAConnectionOnceUnlessItsNodesDisagree() {
    node.start();
    node.connection("00000000000000c1", ConnectionState.UP, null);
    node.connection("00000000000000c1", ConnectionState.UP, null);
    node.connection("00000000000000c2", ConnectionState.UP, null);
    node.connection("00000000000000c2", ConnectionState.HEALING, "e1 is gone");

    int exit = ask("connections --cluster -o wide");

    assertThat(exit).as(err.toString()).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            CONNECTION        SERVICE  CLIENT           ADDRESS       PROVIDER    NODE  HOPS  BY     MTU  STATE    REASON
            00000000000000c2  echo     default/r1:echo  10.44.0.2/30  default/e1  n1    -     veth  1500  healing  e1 is gone
            00000000000000c1  echo     default/r1:echo  10.44.0.2/30  default/e1  n1    -     veth  1500  up       -
            00000000000000c2  echo     default/r1:echo  10.44.0.2/30  default/e1  n1    -     veth  1500  up       -
            """);
  }

  @Test
  void shouldPageThroughALongListAndKeepItsOrder() throws Exception {
    node.start();
    for (int i = 0; i < 1201; i++) {
      ConnectionState state = i % 100 == 0 ? ConnectionState.HEALING : ConnectionState.UP;
      node.connection("%016x".formatted(i), state, null);
    }

    assertThat(ask("connections --cluster --json")).as(err.toString()).isZero();
    JsonNode all = parsed();
    out.getBuffer().setLength(0);
    assertThat(ask("connections --limit 15")).as(err.toString()).isZero();

    List<String> ids = all.path("items").findValuesAsText("id");
    assertThat(ids).hasSize(1201).doesNotHaveDuplicates();
    assertThat(all.path("total").asInt()).isEqualTo(1201);
    assertThat(all.has("next")).isFalse();
    assertThat(out.toString().lines().skip(1).map(l -> l.substring(0, 16)))
        .containsExactlyElementsOf(ids.subList(0, 15));
  }

  @Test
  void shouldListLinksAndWhyOneIsNotUp() {
    addSecondMember();
    mesh.up("udp-b2", N2, 412L).connecting("edge", "connection refused");
    node.start();

    int exit = ask("links -o wide");

    assertThat(exit).as(err.toString()).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            NODE  LINK    KIND  PEER  REMOTE                    BY          PROOF        STATE       RTT       SENT  RECEIVED  DROPS  REASON
            n1    edge    exec  -     ssh edge weft link-stdio  configured  none         connecting  -            0         0      0  connection refused
            n1    udp-b2  udp   n2    192.0.2.2:7654            member      certificate  up          0.412 ms  1200       900      2  -
            """);
  }

  @Test
  void shouldListRoutesThroughTheMeshOrThoseOfTheKernel() {
    addSecondMember();
    mesh.route("udp-b2", 893L, N2, FAR).route("udp-b2", null, N2);
    node.start();

    assertThat(ask("routes --mesh")).as(err.toString()).isZero();
    assertThat(ask("routes")).as(err.toString()).isZero();

    assertThat(out.toString())
        .isEqualTo(
            """
            NODE  DESTINATION       VIA  LINK    HOPS                  RTT
            n1    n2                n2   udp-b2  n2                    -
            n1    00000000000000c3  n2   udp-b2  n2, 00000000000000c3  0.893 ms
            NODE  DESTINATION  VIA  TO  STATE  REASON
            """);
  }

  @Test
  void shouldListPeersAndServicesOfTheMesh() {
    addSecondMember();
    mesh.peers.add(
        new MeshPeer(
            N2, "up", "", true, N2, "udp 192.0.2.7:7654", 412L, 3, List.of("web", "db"), 0));
    mesh.peers.add(new MeshPeer(FAR, "down", "no route", false, "", "", null, 0, List.of(), 0));
    mesh.services.add(new MeshService("web", List.of(N2, FAR)));
    node.start();

    assertThat(ask("peers -o wide")).as(err.toString()).isZero();
    assertThat(ask("services --mesh")).as(err.toString()).isZero();

    assertThat(out.toString())
        .isEqualTo(
            """
            NODE  PEER              VIA  PATH                STATE  RTT       STREAMS  SERVICES  REASON
            n1    00000000000000c3  -    -                   down   -               0  -         no route
            n1    n2                n2   udp 192.0.2.7:7654  up     0.412 ms        3  web, db   -
            SERVICE  NODES
            web      n2, 00000000000000c3
            """);
  }

  @Test
  void shouldExposeAServerAndOpenItElsewhereUntilToldOtherwise() {
    node.start();

    addSecondMember();
    assertThat(ask("expose web tcp://127.0.0.1:80 --allow n2")).as(err.toString()).isZero();
    assertThat(ask("expose a/b unix:/run/x.sock")).as(err.toString()).isZero();
    assertThat(ask("forward 127.0.0.1:9000 web --node n2")).as(err.toString()).isZero();
    assertThat(ask("exports -o wide")).as(err.toString()).isZero();
    assertThat(ask("forwards -o wide")).as(err.toString()).isZero();
    assertThat(ask("unforward 127.0.0.1:9000")).as(err.toString()).isZero();
    assertThat(ask("unexpose a/b")).as(err.toString()).isZero();

    assertThat(out.toString())
        .isEqualTo(
            """
            service web is tcp://127.0.0.1:80, for node n2
            service a/b is unix:/run/x.sock, for all nodes of the mesh
            127.0.0.1:9000 is service web of node n2
            SERVICE  NODE  TARGET              ALLOW  BY       STATE  OPEN  MADE  FAILED  SENT  RECEIVED  REASON
            a/b      n1    unix:/run/x.sock    all    created  up        0     0       0     0         0  -
            web      n1    tcp://127.0.0.1:80  n2     created  up        0     0       0     0         0  -
            NODE  LISTEN          SERVICE  TO  BY       STATE  OPEN  MADE  FAILED  SENT  RECEIVED  REASON
            n1    127.0.0.1:9000  web      n2  created  up        0     0       0     0         0  -
            forward 127.0.0.1:9000 closed
            service a/b withdrawn
            """);
    assertThat(ask("unexpose a/b")).isEqualTo(1);
    assertThat(err.toString()).contains("weft: service a/b is not exported by this node");
  }

  @Test
  void shouldPingAMemberByNameAndShowEachHop() {
    addSecondMember();
    mesh.way = to -> List.of(new MeshHop(1, FAR, 41234), new MeshHop(2, to, 893));
    node.start();

    int exit = ask("ping n2");

    assertThat(exit).as(err.toString()).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            HOP  NODE  ID                RTT
              1  -     00000000000000c3  41.234 ms
              2  n2    00000000000000b2  0.893 ms
            """);
  }

  @Test
  void shouldSumUpSeveralRoundsAndTellHowManyWereLost() {
    AtomicInteger round = new AtomicInteger();
    mesh.way =
        to -> {
          if (round.incrementAndGet() == 1) {
            throw Fault.TIMEOUT.because("node " + to + ": no answer within 2 s");
          }
          return List.of(new MeshHop(1, to, round.get() * 1000L));
        };
    node.start();

    int exit = ask("ping " + FAR + " -c 3");

    assertThat(exit).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            HOP  NODE  ID                ANSWERS  MIN       AVG       MAX
              1  -     00000000000000c3        2  2.000 ms  2.500 ms  3.000 ms
            """);
    assertThat(err.toString())
        .isEqualTo(
            "weft: 1 of 3 rounds was not answered: node 00000000000000c3: no answer within 2 s\n");
  }

  @Test
  void shouldPrintTheAnswerOfAPingAsJson() throws Exception {
    mesh.way = to -> List.of(new MeshHop(1, to, 412));
    node.start();

    assertThat(ask("ping --json " + FAR)).as(err.toString()).isZero();

    assertThat(parsed().path("node").asText()).isEqualTo(FAR);
    assertThat(parsed().at("/hops/0/rttMicros").asInt()).isEqualTo(412);
  }

  @Test
  void shouldShowHowTheNodeIsConnected() throws Exception {
    node.start();

    assertThat(ask("netcheck")).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("mapping       endpoint-independent", "198.51.100.2:7654  no answer");

    out.getBuffer().setLength(0);
    assertThat(ask("netcheck --json")).isZero();
    assertThat(parsed().at("/lifetime/alive").asInt()).isEqualTo(30);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "n9 | node: n9 (expected: an id, 16 hex digits, or a member's name: n1, n2, twin)",
        "twin | node: twin is the name of several members (expected: one of their ids:"
            + " 00000000000000d4, 00000000000000e5)",
        "00000000000000c3 -c 5 | node 00000000000000c3: no route"
      })
  void shouldFailWith1WhenANodeCannotBePinged(String arguments, String message) {
    addSecondMember();
    node.members.add(new Member("00000000000000d4", "twin", "0.1.0", null, "x", null, 1, 1));
    node.members.add(new Member("00000000000000e5", "twin", "0.1.0", null, "x", null, 1, 1));
    node.start();

    int exit = ask("ping " + arguments);

    assertThat(exit).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("weft: " + message + "\n");
    assertThat(out.toString()).isEmpty();
  }

  private void addSecondMember() {
    node.members.add(new Member(N2, "n2", "0.1.0", null, "x", null, 1, 1));
  }

  @Test
  void shouldNameMembersThatDoNotAnswerOnStderr() throws Exception {
    node.start();
    node.members.add(new Member("00000000000000b2", "n2", "0.1.0", null, "x", null, 1, 1));

    int table = ask("nodes");
    String tableOut = out.toString();
    out.getBuffer().setLength(0);
    int json = ask("wires --cluster --json");

    assertThat(table).isZero();
    assertThat(json).isZero();
    assertThat(err.toString().lines())
        .hasSize(2)
        .allSatisfy(
            l -> assertThat(l).startsWith("weft: node n2 (00000000000000b2) did not answer"));
    assertThat(tableOut.lines().map(line -> line.replaceAll(" {2,}", "|")))
        .containsExactly(
            "NAME|ID|HEALTH|LAST-SEEN|WAY|RTT",
            "n2|00000000000000b2|no answer|-|mesh|-",
            "n1 (this)|00000000000000a1|ready|-|mesh|-");
    assertThat(parsed().at("/unanswered/0/name").asText()).isEqualTo("n2");
  }

  @Test
  void shouldTellWhatIsOnNodesThatAreAway() {
    node.start();
    Member left = new Member(N2, "n2", "0.1.0", null, "x", null, 1, 1);
    node.away.add(new AwayMember(left, 1700000000));
    PodRef pod = PodRef.parse("default/r2");
    node.pods.put(pod, new Pod(pod, N2, "r2", 1, 1, "node n2 has been away since noon"));

    assertThat(ask("pods --cluster")).as(err.toString()).isZero();
    assertThat(err.toString()).isEmpty();
    assertThat(ask("wires --cluster")).isZero();

    assertThat(out.toString()).contains("default/r2", "node n2 has been away since noon");
    assertThat(err.toString())
        .isEqualTo(
            "weft: node n2 has been away since 2023-11-14 22:13:20Z: what it alone has is not"
                + " listed\n");
  }

  @Test
  void shouldRegisterAndForgetPods() {
    node.start();

    assertThat(ask("pod add r1 --netns r1ns")).isZero();
    assertThat(node.pods).containsKey(PodRef.parse("default/r1"));
    assertThat(ask("pods")).isZero();
    assertThat(ask("pod remove default/r1")).isZero();

    assertThat(out.toString())
        .isEqualTo(
            """
            pod default/r1 is in r1ns
            POD         NODE  NETNS  PROBLEM
            default/r1  n1    r1ns   -
            pod default/r1 removed
            """);
    assertThat(node.pods).isEmpty();
  }

  @Test
  void shouldApplyShowAndDeleteATopologyFile() throws Exception {
    node.start();
    String file = Files.writeString(directory.resolve("two.yml"), TWO_PODS).toString();

    assertThat(ask("topology apply -f " + file)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("pod default/r2 is not registered on any node", "no links");
    out.getBuffer().setLength(0);
    assertThat(ask("topology show lab/r2 --json")).isZero();
    assertThat(parsed().at("/topology/pod").asText()).isEqualTo("lab/r2");
    out.getBuffer().setLength(0);
    assertThat(ask("topology delete -f " + file)).as(err.toString()).isZero();

    assertThat(out.toString()).isEqualTo("topology default/r1 deleted\ntopology lab/r2 deleted\n");
    assertThat(node.topologies).isEmpty();
  }

  @Test
  void shouldDeleteNoTopologyOfAFileThatNamesAnUnknownOne() throws Exception {
    node.start();
    String file = Files.writeString(directory.resolve("two.yml"), TWO_PODS).toString();
    String more = "---\nkind: Topology\nmetadata: {name: stranger}\nspec: {links: []}\n";
    String other = Files.writeString(directory.resolve("three.yml"), TWO_PODS + more).toString();
    assertThat(ask("topology apply -f " + file)).as(err.toString()).isZero();
    int there = node.topologies.size();

    assertThat(ask("topology delete -f " + other)).isNotZero();

    assertThat(err.toString()).contains("default/stranger");
    assertThat(node.topologies).hasSize(there);
  }

  @Test
  void shouldReadATopologyFromStdin() {
    node.start();

    int exit =
        Main.run(
            new ByteArrayInputStream(TWO_PODS.getBytes(UTF_8)),
            new PrintWriter(out),
            new PrintWriter(err),
            "topology",
            "apply",
            "-f",
            "-",
            "--url",
            node.url());

    assertThat(exit).as(err.toString()).isZero();
    assertThat(node.topologies).hasSize(2);
  }

  @Test
  void shouldMakeAndRemoveASingleLink() {
    node.start();

    int made =
        ask("wire add --uid 7 --a r1:eth1 --b lab/r2:eth1 --mtu 9000 --address-a 10.0.0.1/24");
    String id = out.toString().split(" ", 3)[1];
    int removed = ask("wire remove " + id);

    assertThat(made).as(err.toString()).isZero();
    assertThat(out.toString()).isEqualTo("wire " + id + " joining\nwire " + id + " removed\n");
    assertThat(removed).isZero();
  }

  @Test
  void shouldFollowEvents() {
    node.start();
    node.bus.publish(new TestNode.Happened("r1", "first"));

    CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> ask("events --follow"));
    await().atMost(TestNode.SOON).until(() -> out.toString().contains("first"));
    node.bus.publish(new TestNode.Happened("r1", "second"));
    await().atMost(TestNode.SOON).until(() -> out.toString().contains("second"));
    node.stop();

    assertThat(exit).succeedsWithin(TestNode.SOON).isEqualTo(1);
    assertThat(out.toString().lines().findFirst().orElse(""))
        .matches("\\S+Z  \\d+-\\d+ +info     Happened           first");
    assertThat(err.toString()).contains("weft: ");
  }

  @Test
  void shouldNameTheKindsOfEventsForOneThatIsNone() {
    node.start();

    assertThat(ask("events --kind PodChanged,Foo")).isEqualTo(1);

    assertThat(err.toString()).startsWith("weft: kind: PodChanged,Foo (expected: AgentChanged, ");
    assertThat(err.toString()).contains("PodChanged", "WireChanged");
  }

  @Test
  void shouldTellWhatIsNotOlderThanAskedFor() {
    node.start();
    node.bus.publish(new TestNode.Happened("r1", "first"));

    assertThat(ask("events --since 5m")).as(err.toString()).isZero();
    assertThat(out.toString()).contains("first");
    assertThat(ask("events --since yesterday")).isEqualTo(1);

    assertThat(err.toString())
        .isEqualTo(
            "weft: since: yesterday (expected: an event's id, EPOCH-NUMBER, or how long ago, as in"
                + " 30s, 5m or 2h; what came after is given)\n");
  }

  @Test
  void shouldListConnectionsAndStayForWhatBecomesOfThem() {
    node.start();
    node.bus.publish(connection("healing"));

    CompletableFuture<Integer> exit =
        CompletableFuture.supplyAsync(() -> ask("connections --watch"));
    await().atMost(TestNode.SOON).until(() -> out.toString().contains("CONNECTION"));
    node.bus.publish(connection("moved"));
    await().atMost(TestNode.SOON).until(() -> out.toString().contains("moved"));
    node.stop();

    assertThat(exit).succeedsWithin(TestNode.SOON).isEqualTo(1);
    assertThat(out.toString())
        .doesNotContain("echo for default/c1 healing")
        .contains("connection c1 to echo for default/c1 moved: 10.44.0.2/30 by e2 on node n2");
  }

  private static ConnectionChanged connection(String happened) {
    ConnectionState state = happened.equals("moved") ? ConnectionState.UP : ConnectionState.HEALING;
    return new ConnectionChanged(
        "c1",
        "echo for default/c1",
        happened,
        new PodRef("default", "c1"),
        "echo",
        "10.44.0.2/30",
        "e2",
        "n2",
        "10.44.0.1/30",
        state,
        null);
  }

  @Test
  void shouldAskOverTheUnixSocketWithoutAToken() throws Exception {
    Path socket = directory.resolve("http.sock");
    String tokens = Files.writeString(directory.resolve("tokens"), "s3cret\n").toString();
    node.start(0, socket.toString(), Path.of(tokens), null);

    assertThat(run("nodes --url unix:" + socket)).as(err.toString()).isZero();
    assertThat(ask("nodes --token-file " + tokens)).as(err.toString()).isZero();
    assertThat(ask("nodes")).isEqualTo(1);

    assertThat(err.toString()).contains("authorization: none", "use --token-file");
  }

  @Test
  void shouldCompleteInBash() throws Exception {
    assertThat(run("completion")).isZero();

    Path script = Files.writeString(directory.resolve("weft.bash"), out.toString());
    Process bash = new ProcessBuilder("bash", "-n", script.toString()).start();
    assertThat(bash.waitFor()).isZero();
    assertThat(out.toString()).contains("topology");
  }

  private int ask(String line) {
    return run(line + " --url " + node.url());
  }

  private int run(String line) {
    String[] args = line.isBlank() ? new String[0] : line.trim().split("\\s+");
    PrintWriter toOut = new PrintWriter(out);
    PrintWriter toErr = new PrintWriter(err);
    try {
      return Main.run(new ByteArrayInputStream(new byte[0]), toOut, toErr, args);
    } finally {
      toOut.flush();
      toErr.flush();
    }
  }

  private JsonNode parsed() throws Exception {
    return Json.mapper().readTree(out.toString());
  }
}

package dev.weft.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.cli.ApiClient;
import dev.weft.identity.CertificateAuthority;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.WeftProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One node alone, as a process: how it starts, stops, and refuses to start. */
class NodeProcessIT {
  private static final Pattern READY =
      Pattern.compile("weft: node (\\S+) \\((\\p{XDigit}{16})\\) is ready: .* (http://\\S+), gRPC");
  private static final String ALONE =
      """
      node: { name: alone, data: %1$s }
      cluster: { port: 0 }
      grpc: { port: 0 }
      http: { port: 0 }
      wires: { on-stop: remove }
      subnets: { overlay: "", runtime: "", on-stop: remove }
      nsm: { sockets: %1$s/nsm }
      """;
  private static final List<String> WITHOUT_CAPABILITIES =
      List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all");

  /** A process whose parent ignores SIGHUP, as under nohup, ignores it too (signal(7)). */
  private static final List<String> HEARING_HANGUP = List.of("env", "--default-signal=HUP");

  @TempDir Path directory;

  @Test
  void shouldSayThatItIsReadyAndStopCleanly() throws Exception {
    try (WeftProcess node = WeftProcess.start(directory, "run", "--conf", configuration(ALONE))) {
      Matcher ready = node.awaitLine(READY);
      String health = get(ready.group(3) + "/readyz?verbose");
      long resident = node.resident();

      int exit = node.stop();

      assertThat(exit).as(node.err()).isZero();
      assertThat(node.out().lines()).as("standard output").hasSize(1);
      assertThat(node.err()).doesNotContain("WARNING", "Exception", "ERROR");
      assertThat(health).contains("node alone ", "cluster", "pod", "wire", "api");
      assertThat(resident).as("resident memory, bytes").isLessThan(250L << 20);
    }
  }

  @Test
  @Needs(Need.PROMTOOL)
  void shouldGiveMetricsThatPrometheusFindsNothingWrongWith() throws Exception {
    CertificateAuthority.Issued files =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 100, Clock.systemUTC())
            .issueNode(directory.resolve("n1"), "n1", List.of(), 90);
    String more =
        """
        security: { ca: %s, cert: %s, key: %s }
        mesh: { listen: [ "tcp://127.0.0.1:0", "udp://127.0.0.1:0" ] }
        proxy: { forward: { port: 0 } }
        """
            .formatted(files.ca(), files.cert(), files.key());
    try (WeftProcess node =
        WeftProcess.start(directory, "run", "--conf", configuration(ALONE + more))) {
      String url = node.awaitLine(READY).group(3) + "/metrics";
      get(url);
      String metrics = get(url);
      Path scraped = Files.writeString(directory.resolve("metrics"), metrics);

      Process promtool =
          new ProcessBuilder("promtool", "check", "metrics")
              .redirectInput(scraped.toFile())
              .redirectErrorStream(true)
              .start();

      assertThat(new String(promtool.getInputStream().readAllBytes(), UTF_8)).isEmpty();
      assertThat(metrics)
          .contains("weft_ready 1.0", "weft_members 1.0", "weft_build_info{java=")
          .containsPattern("weft_certificate_expiry_timestamp_seconds.role=\"node\". [1-9]");
      assertThat(metrics.lines().filter(line -> line.startsWith("weft_")))
          .allMatch(line -> metrics.contains("# HELP " + family(line) + " "));
      assertThat(node.stop()).as(node.err()).isZero();
    }
  }

  @Test
  void shouldBeExaminedWhileItRuns() throws Exception {
    String joining =
        ALONE.replace("cluster: { port: 0 }", "cluster: { port: 0, join: [127.0.0.1:1] }");
    String conf = configuration(joining + "security: { insecure: true }\n");
    try (WeftProcess node = WeftProcess.start(directory, "run", "--conf", conf)) {
      String url = node.awaitLine(READY).group(3);

      WeftProcess doctor = WeftProcess.start(directory, "doctor", "--url", url);

      assertThat(doctor.awaitExit()).as(doctor.err()).isEqualTo(1);
      assertThat(doctor.out())
          .as(doctor.err())
          .containsPattern("alone +problem +join")
          .contains("127.0.0.1:1 does not answer: Connection refused")
          .containsPattern("alone +(ok|problem) +capabilities")
          .containsPattern("alone +(ok|warning) +kernel");
    }
  }

  @Test
  @Needs(Need.PROMTOOL)
  void shouldHaveAlertsThatFireForWhatTheyAreAbout() throws Exception {
    Process promtool =
        new ProcessBuilder("promtool", "test", "rules", "src/test/resources/alerts-test.yaml")
            .redirectErrorStream(true)
            .start();

    assertThat(new String(promtool.getInputStream().readAllBytes(), UTF_8)).contains("SUCCESS");
    assertThat(promtool.waitFor()).isZero();
  }

  /** The name under which a sample's help stands. */
  private static String family(String sample) {
    return sample.replaceFirst("[{ ].*", "").replaceFirst("_seconds_(count|sum)$", "_seconds");
  }

  @Test
  void shouldPutNothingBesideALogInJson() throws Exception {
    String conf = configuration(ALONE + "log: { format: json }\n");
    try (WeftProcess node = WeftProcess.start(directory, "run", "--trial", "--conf", conf)) {
      assertThat(node.awaitExit()).isZero();

      assertThat(node.out()).isEmpty();
      assertThat(node.err()).contains("is ready: API and dashboard");
      assertThat(node.err().lines()).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
    }
  }

  @Test
  void shouldRunWithoutTheCapabilityToHearOfAllNamespaces() throws Exception {
    List<String> deaf =
        List.of("setpriv", "--bounding-set=-net_broadcast", "--inh-caps=-net_broadcast");
    String conf = configuration(ALONE);
    try (WeftProcess node = WeftProcess.start(directory, deaf, "run", "--trial", "--conf", conf)) {
      assertThat(node.awaitExit()).as(node.err()).isZero();
    }
  }

  @Test
  void shouldKeepWhatItWasToldOverARestart() throws Exception {
    String conf = configuration(ALONE);
    String topology =
        "{\"apiVersion\": \"networkop.co.uk/v1beta1\", \"kind\": \"Topology\", \"metadata\":"
            + " {\"name\": \"r1\"}, \"spec\": {\"links\": []}}";
    String netns = "{\"netns\": \"pid:" + ProcessHandle.current().pid() + "\"}";
    Matcher before;
    try (WeftProcess node = WeftProcess.start(directory, "run", "--conf", conf)) {
      before = node.awaitLine(READY);
      ApiClient api = ApiClient.of(before.group(3), null);
      api.send("PUT", "/api/v1/pods/default/r1", "application/json", netns);
      api.send("PUT", "/api/v1/topologies/default/r1", "application/yaml", topology);
      node.stop();
    }

    try (WeftProcess node = WeftProcess.start(directory, "run", "--conf", conf)) {
      Matcher after = node.awaitLine(READY);

      ApiClient api = ApiClient.of(after.group(3), null);
      assertThat(after.group(2)).as("node id").isEqualTo(before.group(2));
      assertThat(api.get("/api/v1/pods").at("/items/0/ref").asText()).isEqualTo("default/r1");
      assertThat(api.get("/api/v1/topologies/default/r1").at("/topology/pod").asText())
          .isEqualTo("default/r1");
      assertThat(node.stop()).as(node.err()).isZero();
    }
  }

  @Test
  void shouldReadItsCertificateAgainOnSighupAndNameWhatNeedsAStart() throws Exception {
    CertificateAuthority.Issued files =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 100, Clock.systemUTC())
            .issueNode(directory.resolve("n1"), "n1", List.of(), 90);
    String security =
        "security: { ca: %s, cert: %s, key: %s }\n"
            .formatted(files.ca(), files.cert(), files.key());
    String conf = configuration(ALONE + security);
    try (WeftProcess node = WeftProcess.start(directory, HEARING_HANGUP, "run", "--conf", conf)) {
      node.awaitLine(READY);
      Files.writeString(Path.of(conf), "\nmesh: { relay: false }\n", StandardOpenOption.APPEND);

      node.signal("HUP");

      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(node.err())
                      .contains(
                          files.cert() + " read again: not changed, valid until ",
                          "needs a start of the node: mesh.relay: true -> false"));
      assertThat(node.stop()).as(node.err()).isZero();
    }
  }

  @Test
  @Needs(Need.ROOT)
  void shouldRunWithoutCapabilitiesAndNameEachThatItLacks() throws Exception {
    String conf = configuration(ALONE);
    try (WeftProcess node =
        WeftProcess.start(directory, WITHOUT_CAPABILITIES, "run", "--conf", conf)) {
      Matcher ready = node.awaitLine(READY);

      String health = get(ready.group(3) + "/readyz?verbose");

      assertThat(health)
          .contains("node alone degraded")
          .contains("cap-net-admin:", "cap-net-raw:", "cap-sys-admin:");
      assertThat(node.stop()).as(node.err()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "grpc", "cluster"})
  void shouldNameThePortThatIsTaken(String section) throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String conf =
          configuration(
              ALONE.replace(
                  section + ": { port: 0 }", section + ": { port: " + taken.getLocalPort() + " }"));

      WeftProcess node = WeftProcess.start(directory, "run", "--conf", conf);

      assertThat(node.awaitExit()).as(node.err()).isEqualTo(3);
      assertThat(node.err())
          .doesNotContain("Exception")
          .contains(section + ".port: cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
  }

  /** A killed node removes nothing, and one in the temporary directory would be there for good. */
  @Test
  void shouldLeaveNothingInTheTemporaryDirectoryWhenItIsKilled() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    List<String> there = List.of("env", "JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=" + temporary);
    String conf = configuration(ALONE);
    for (int run = 0; run < 2; run++) {
      try (WeftProcess node = WeftProcess.start(directory, there, "run", "--conf", conf)) {
        node.awaitLine(READY);
        node.kill();
      }
    }

    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
    try (Stream<Path> scratch = Files.list(directory.resolve("data/scratch"))) {
      assertThat(scratch.map(file -> file.getFileName().toString()))
          .as("of the last run")
          .filteredOn(name -> name.endsWith(".so"))
          .hasSize(1);
    }
  }

  @Test
  void shouldRefuseADataDirectoryInUse() throws Exception {
    String conf = configuration(ALONE);
    try (WeftProcess first = WeftProcess.start(directory, "run", "--conf", conf)) {
      first.awaitLine(READY);

      WeftProcess second = WeftProcess.start(directory, "run", "--conf", conf);

      assertThat(second.awaitExit()).isEqualTo(3);
      assertThat(second.err()).contains("data directory", "held by process " + first.pid());
    }
  }

  @Test
  void shouldTellEveryProblemOfItsConfigurationAtOnce() throws Exception {
    String conf =
        configuration(
            """
            nodee: {}
            node: { data: %s }
            cluster: { port: 70000 }
            wires: { mtu: 0, driver: foo }
            """);

    WeftProcess node = WeftProcess.start(directory, "run", "--conf", conf);

    assertThat(node.awaitExit()).isEqualTo(2);
    assertThat(node.err())
        .contains(
            "nodee: unknown key (expected: node)",
            "cluster.port: 70000 (expected: 0..65535)",
            "wires.mtu: 0 (expected: 68..65535)",
            "wires.driver: foo (expected: auto, epoll, worker)");
  }

  private String configuration(String text) throws IOException {
    return Files.writeString(
            directory.resolve("weft.yaml"), text.formatted(directory.resolve("data")))
        .toString();
  }

  private static String get(String url) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
        .body();
  }
}

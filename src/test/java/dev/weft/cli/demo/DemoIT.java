package dev.weft.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.cli.ApiClient;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.WeftProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The newcomer's first command, from the jar. */
@Needs(Need.ROOT)
class DemoIT {
  /** Beside a demo that somebody has kept on this host. */
  private static final String NAME = "test" + ProcessHandle.current().pid();

  private static final Path ROOT = Path.of("/run/weft-demo." + NAME);
  private static final Path TOPOLOGIES = Path.of("src/test/resources/topologies");
  private static final Pattern DASHBOARD =
      Pattern.compile("dashboard: (http://127\\.0\\.0\\.1:\\d+)");

  @TempDir Path directory;

  @AfterEach
  void stop() throws Exception {
    if (Files.exists(ROOT)) {
      run("--stop").awaitExit();
    }
  }

  @AfterAll
  static void removeLock() throws IOException {
    Files.deleteIfExists(Path.of(ROOT + ".lock"));
  }

  @Test
  void shouldPingAlongATriangle() throws Exception {
    WeftProcess demo = run("--check");

    assertThat(demo.awaitExit()).as(demo.out() + demo.err()).isZero();
    assertThat(pings(demo)).hasSize(6).allMatch(line -> line.matches(".* grpc +1500 .* ms +ok"));
    assertThat(demo.err()).doesNotContain("WARNING", "Exception");
    assertNothingIsLeft();
  }

  @Test
  void shouldPingWithoutRootAndLeaveNothingOnTheHost() throws Exception {
    // A build may lie where only root may read: so this is root without power, but for the one
    // capability without which nobody may map root's own id into a namespace.
    List<String> powerless = List.of("setpriv", "--bounding-set=-all,+setfcap", "--inh-caps=-all");
    WeftProcess demo =
        WeftProcess.start(
            directory, powerless, "demo", "--rootless", "--check", "--nodes", "2", "--name", NAME);

    assertThat(demo.awaitExit()).as(demo.out() + demo.err()).isZero();
    assertThat(pings(demo)).hasSize(6).allMatch(line -> line.endsWith("ok"));
    assertNothingIsLeft();
  }

  @Tag("long")
  @Test
  void shouldShowALinkThatWaitsBesideOneThatWorks() throws Exception {
    WeftProcess demo = run("--check", "--topology", TOPOLOGIES.resolve("2node.yml").toString());

    assertThat(demo.awaitExit()).as(demo.out() + demo.err()).isZero();
    assertThat(pings(demo)).hasSize(2).allMatch(line -> line.endsWith("ok"));
    assertThat(demo.out()).contains("default/r3 uid 2", "waiting: r4 has no topology");
    assertNothingIsLeft();
  }

  @Tag("long")
  @Test
  void shouldConnectThreePodsOnThreeNodes() throws Exception {
    WeftProcess demo = run("--check", "--topology", TOPOLOGIES.resolve("3node.yml").toString());

    assertThat(demo.awaitExit()).as(demo.out() + demo.err()).isZero();
    assertThat(pings(demo)).hasSize(6).allMatch(line -> line.endsWith("ok"));
    assertNothingIsLeft();
  }

  @Test
  void shouldAttachAPodToADeviceThatItMakes() throws Exception {
    String asItIs = Files.readString(TOPOLOGIES.resolve("macvlan.yml"));
    String other = asItIs.replace("peer_intf: eth0", "peer_intf: lab0");
    Path topology = Files.writeString(directory.resolve("lab.yml"), other);

    WeftProcess demo = run("--check", "--nodes", "2", "--topology", topology.toString());

    assertThat(demo.awaitExit()).as(demo.out() + demo.err()).isZero();
    assertThat(other).isNotEqualTo(asItIs);
    assertThat(demo.out()).containsPattern("2 +r2:eth2 +localhost:lab0 +macvlan +1500 +up ");
    assertThat(pings(demo)).filteredOn(line -> line.endsWith("ok")).hasSize(2);
    assertNothingIsLeft();
  }

  @Test
  void shouldRefuseASecondDemoAndRemoveTheFirstWhenItIsEnded() throws Exception {
    WeftProcess first = run("--nodes", "1");
    String url = first.awaitLine(DASHBOARD).group(1);
    assertThat(ApiClient.of(url, null).get("/api/v1/pods").path("items")).hasSize(3);
    List<Long> processes = processes();
    List<String> namespaces = namespacesOfNodes();

    WeftProcess second = run("--check");

    assertThat(second.awaitExit()).isEqualTo(1);
    assertThat(second.err()).contains("this demo is running on this host");
    assertThat(processes).isNotEmpty().allMatch(DemoIT::isRunning);
    first.stop();
    assertThat(processes).noneMatch(DemoIT::isRunning);
    assertThat(Netns.list()).doesNotContainAnyElementsOf(namespaces);
    assertNothingIsLeft();
  }

  @Test
  void shouldClearUpAfterADemoThatWasKilled() throws Exception {
    WeftProcess killed = run("--nodes", "1");
    killed.awaitLine(DASHBOARD);
    List<Long> processes = processes();
    List<String> namespaces = namespacesOfNodes();
    killed.kill();
    assertThat(processes).isNotEmpty().allMatch(DemoIT::isRunning);

    WeftProcess next = run("--check", "--nodes", "1");

    assertThat(next.awaitExit()).as(next.out() + next.err()).isZero();
    assertThat(processes).noneMatch(DemoIT::isRunning);
    assertThat(Netns.list()).doesNotContainAnyElementsOf(namespaces);
    assertNothingIsLeft();
  }

  @Test
  void shouldKeepADemoUntilItIsStopped() throws Exception {
    WeftProcess keeping = run("--keep", "--nodes", "1");
    assertThat(keeping.awaitExit()).as(keeping.out() + keeping.err()).isZero();
    String url = keeping.awaitLine(DASHBOARD).group(1);
    ApiClient node = ApiClient.of(url, null);
    assertThat(node.get("/api/v1/wires").path("items")).hasSize(3);
    assertThat(node.get("/api/v1/node").path("state").asText()).isEqualTo("ready");
    List<Long> processes = processes();
    assertThat(processes).hasSize(2).allMatch(DemoIT::isRunning);

    WeftProcess other = run("--check");

    assertThat(other.awaitExit()).isEqualTo(1);
    assertThat(other.err()).contains("a demo was kept here", "weft demo --stop --name " + NAME);
    assertThat(processes).allMatch(DemoIT::isRunning);

    WeftProcess stopping = run("--stop");

    assertThat(stopping.awaitExit()).isZero();
    assertThat(stopping.err()).contains("the demo is stopped and removed");
    assertThat(processes).noneMatch(DemoIT::isRunning);
    assertNothingIsLeft();
  }

  @Test
  void shouldSayThatThereIsNoDemoToStop() throws Exception {
    WeftProcess stopping = run("--stop");

    assertThat(stopping.awaitExit()).isZero();
    assertThat(stopping.err()).contains("there is no demo to stop");
  }

  private WeftProcess run(String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("demo", "--name", NAME));
    arguments.addAll(List.of(options));
    return WeftProcess.start(directory, arguments.toArray(String[]::new));
  }

  private static List<String> pings(WeftProcess demo) throws IOException {
    return demo.out().lines().filter(line -> line.matches(" +\\d+ +\\S+:\\S+ .*")).toList();
  }

  private static void assertNothingIsLeft() throws IOException {
    assertThat(ROOT).doesNotExist();
    assertThat(Netns.list()).noneMatch(name -> name.startsWith("weft-demo." + NAME));
  }

  private static List<Long> processes() throws IOException {
    return contents("pid").stream().map(Long::valueOf).toList();
  }

  private static List<String> namespacesOfNodes() throws IOException {
    return contents("id").stream().map(id -> "weft-" + id).toList();
  }

  private static List<String> contents(String name) throws IOException {
    List<String> contents = new ArrayList<>();
    try (Stream<Path> homes = Files.list(ROOT)) {
      for (Path file : homes.map(home -> home.resolve(name)).filter(Files::exists).toList()) {
        contents.add(Files.readString(file).strip());
      }
    }
    return contents;
  }

  /** A process that has ended has no command line, even while nobody has asked for its end. */
  private static boolean isRunning(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline")).contains(ROOT + "/");
    } catch (IOException gone) {
      return false;
    }
  }
}

package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.QuiltClient;
import dev.weft.testkit.TestNetns;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One node process, called by another language's gRPC. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class QuiltRuntimeIT {
  @TempDir static Path directory;
  private static ProcessCluster nodes;
  private static TestNetns netns;
  private static QuiltClient quilt;

  @BeforeAll
  static void start() throws Exception {
    nodes = ProcessCluster.prepare(directory, 1, "");
    netns = nodes.host(1);
    quilt = new QuiltClient(netns);
    nodes.start(1);
    nodes.awaitReady(1);
    await().until(() -> !nodes.subnetOf(1).isEmpty());
    netns.run("ip", "route", "add", "10.51.0.0/16", "dev", "eth0");
    netns.run("ip", "route", "add", "10.52.0.0/16", "dev", "eth0", "metric", "50");
    netns.run("ip", "route", "add", "blackhole", "10.53.0.0/16");
    netns.run("ip", "route", "add", "unreachable", "10.54.0.0/16");
    netns.run("ip", "route", "add", "prohibit", "10.55.0.0/16");
    netns.run("ip", "route", "add", "throw", "10.56.0.0/16");
    netns.run(
        "ip", "route", "add", "10.57.0.0/16", "nexthop", "dev", "eth0", "nexthop", "dev", "eth0");
    netns.run("ip", "-6", "route", "add", "blackhole", "fd62::/64");
    // Of another program that happens to use Weft's protocol number.
    netns.run("ip", "route", "add", "blackhole", "10.58.0.0/16", "proto", "173");
  }

  @AfterAll
  static void stop() throws Exception {
    nodes.close();
  }

  @ParameterizedTest
  @CsvSource({
    "InjectRoute, 10.42.1.0/16, eth0, 'destination: 10.42.1.0/16 (expected: no host bits'",
    "InjectRoute, 10.42.1.5/24, eth0, 'destination: 10.42.1.5/24 (expected: no host bits'",
    "InjectRoute, 10.42.300.0/24, eth0, '10.42.300.0'",
    "InjectRoute, '', eth0, 'destination: '''''",
    "InjectRoute, 0.0.0.0/0, eth0, 'not the default route'",
    "InjectRoute, ::/0, eth0, 'not the default route'",
    "InjectRoute, 10.60.0.0/16, eth9, 'interface: eth9 (expected: one of this host)'",
    "InjectRoute, 10.60.0.0/16, sixteen-letters-, 'interface: sixteen-letters- (expected: 1 to 15'",
    "InjectRoute, 10.60.0.0/16, '', 'interface:  (expected: 1 to 15'",
    "InjectRoute, 10.42.1.0/24, eth0, 'not this node''s own subnet 10.42.1.0/24'",
    "InjectRoute, 10.51.0.0/16, eth0, '10.51.0.0/16 dev eth0 proto 3'",
    "InjectRoute, 10.52.0.0/16, eth0, '10.52.0.0/16 dev eth0 proto 3'",
    "RemoveRoute, 10.51.0.0/16, , 'route of another program'",
    "InjectRoute, 10.53.0.0/16, eth0, '10.53.0.0/16 blackhole proto 3'",
    "RemoveRoute, 10.53.0.0/16, , '10.53.0.0/16 blackhole proto 3'",
    "InjectRoute, 10.54.0.0/16, eth0, 'unreachable'",
    "RemoveRoute, 10.54.0.0/16, , 'unreachable'",
    "InjectRoute, 10.55.0.0/16, eth0, 'prohibit'",
    "RemoveRoute, 10.55.0.0/16, , 'prohibit'",
    "InjectRoute, 10.56.0.0/16, eth0, 'throw'",
    "RemoveRoute, 10.56.0.0/16, , 'throw'",
    "InjectRoute, 10.57.0.0/16, eth0, 'multipath'",
    "RemoveRoute, 10.57.0.0/16, , 'multipath'",
    "InjectRoute, FD62:0:0:0::/64, eth0, 'fd62::/64 blackhole'",
    "RemoveRoute, FD62:0:0:0::/64, , 'fd62::/64 blackhole'",
    "InjectRoute, 10.58.0.0/16, eth0, 'blackhole proto 173'",
    "RemoveRoute, 10.58.0.0/16, , 'blackhole proto 173'",
    "RemoveRoute, 10.42.1.0/16, , 'no host bits'",
    "ConfigureNodeSubnet, 10.42.1.0/16, , 'no host bits'",
    "ConfigureNodeSubnet, 10.42.0.0/16, , 'prefix length 24, not 16'",
    "ConfigureNodeSubnet, 10.42.1.5/24, , 'no host bits, 10.42.1.0/24'",
    "ConfigureNodeSubnet, 192.168.1.0/24, , 'range 10.42.0.0/16'",
    "ConfigureNodeSubnet, 10.42.300.0/24, , '10.42.300.0'",
    "ConfigureNodeSubnet, '', , 'subnet: '''''",
    "ConfigureNodeSubnet, ::/0, , 'prefix length 24, not 0'",
  })
  void shouldRefuseInASentenceAndLeaveTheKernelAsItIs(
      String method, String first, String second, String expected) throws Exception {
    String before = netns.run("ip", "route") + netns.run("ip", "-6", "route");

    String answer = second == null ? quilt.call(method, first) : quilt.call(method, first, second);

    assertThat(answer).contains(expected);
    assertThat(netns.run("ip", "route") + netns.run("ip", "-6", "route")).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"10.61.0.0/16, -4", "fd61::/64, -6"})
  void shouldMakeARouteOnceAndRemoveItOnce(String destination, String family) throws Exception {
    assertThat(quilt.call("InjectRoute", destination, "eth0")).isEqualTo("ok");
    assertThat(quilt.call("InjectRoute", destination, "eth0")).isEqualTo("ok");
    assertThat(netns.run("ip", "-N", family, "route", "show", destination))
        .contains(destination + " dev eth0 proto 173")
        .hasLineCount(1);

    assertThat(quilt.call("RemoveRoute", destination)).isEqualTo("ok");
    assertThat(quilt.call("RemoveRoute", destination)).isEqualTo("ok");
    assertThat(netns.run("ip", family, "route", "show", destination)).isBlank();
  }

  @Test
  void shouldMoveARouteOfItsOwnToAnotherDevice() throws Exception {
    netns.run("ip", "link", "add", "other0", "type", "bridge");
    netns.run("ip", "link", "set", "other0", "up");
    quilt.call("InjectRoute", "10.62.0.0/16", "eth0");

    assertThat(quilt.call("InjectRoute", "10.62.0.0/16", "other0")).isEqualTo("ok");

    assertThat(netns.run("ip", "route", "show", "10.62.0.0/16"))
        .contains("dev other0")
        .hasLineCount(1);
  }

  @Test
  void shouldRefuseOneCallOfABatchAndCarryOutTheOthers() throws Exception {
    netns.run("ip", "route", "add", "blackhole", "11.9.0.5/32");

    String answers = quilt.call("many", Integer.toString(9 << 16), "201", "eth0", "64");

    assertThat(answers.lines().filter(line -> line.matches("\\d+"))).hasSize(200);
    assertThat(answers).contains("11.9.0.5/32 blackhole proto 3");
    assertThat(netns.run("ip", "-N", "route", "show", "proto", "173").lines())
        .filteredOn(line -> line.startsWith("11.9."))
        .hasSize(200);
    assertThat(netns.run("ip", "route", "show", "11.9.0.5/32")).startsWith("blackhole");
    assertThat(nodes.log(1)).doesNotContain("RPC failed");
  }

  @Test
  void shouldTakeTheSubnetThatAnAgentConfigures() throws Exception {
    assertThat(quilt.call("ConfigureNodeSubnet", "10.42.9.0/24")).isEqualTo("ok");
    assertThat(quilt.call("ConfigureNodeSubnet", "10.42.9.0/24")).isEqualTo("ok");
    assertThat(nodes.subnetOf(1)).isEqualTo("10.42.9.0/24");
    assertThat(allocate("a").path("address").asText()).isEqualTo("10.42.9.10/24");
    assertThat(allocate("a").path("address").asText()).isEqualTo("10.42.9.10/24");
    assertThat(allocate("b").path("address").asText()).isEqualTo("10.42.9.11/24");

    assertThat(quilt.call("ConfigureNodeSubnet", "10.42.1.0/24"))
        .isEqualTo(
            "subnet: 10.42.1.0/24 (expected: 10.42.9.0/24 while 2 of its addresses are in use)");

    nodes.api(1).send("DELETE", "/api/v1/addresses/default/a", "application/json", "");
    nodes.api(1).send("DELETE", "/api/v1/addresses/default/b", "application/json", "");
    assertThat(quilt.call("ConfigureNodeSubnet", "10.42.1.0/24")).isEqualTo("ok");
    assertThat(nodes.log(1))
        .contains("RPC: ConfigureNodeSubnet(subnet=10.42.9.0/24)")
        .contains("IPAM configured with subnet: 10.42.9.0/24");
  }

  @Test
  void shouldKeepEveryAcknowledgedRouteOverAKill() throws Exception {
    File answers = directory.resolve("answers").toFile();
    Process client =
        netns.start(
            answers,
            "/usr/bin/python3",
            "-c",
            QuiltClient.SCRIPT,
            "many",
            "0",
            "10000",
            "eth0",
            "64");
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> Files.readAllLines(answers.toPath()).size() > 2000);
    nodes.kill(1);
    client.onExit().get(60, java.util.concurrent.TimeUnit.SECONDS);
    Set<String> acknowledged =
        Files.readAllLines(answers.toPath()).stream()
            .filter(line -> line.matches("\\d+"))
            .map(Integer::valueOf)
            .map(i -> "11." + (i >> 16 & 255) + "." + (i >> 8 & 255) + "." + (i & 255))
            .collect(Collectors.toSet());
    netns.run("ip", "route", "add", "12.0.0.0/24", "dev", "eth0", "proto", "173");

    nodes.start(1);
    nodes.awaitReady(1);

    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(netns.run("ip", "-N", "route", "show", "proto", "173").lines())
                    .map(line -> line.split(" ", 2)[0])
                    .containsAll(acknowledged)
                    .contains("12.0.0.0/24"));
    assertThat(acknowledged).hasSizeGreaterThan(1900);

    String rest = quilt.call("many", "0", "10000", "eth0", "64");
    assertThat(rest.lines().filter(line -> line.matches("\\d+"))).hasSize(10_000);
    assertThat(netns.run("ip", "route", "show", "11.0.0.0/8").lines()).isEmpty();
    assertThat(netns.run("ip", "-N", "route", "show", "proto", "173").lines())
        .filteredOn(line -> line.startsWith("11."))
        .hasSize(10_000);
    System.out.println(
        rest.lines().filter(line -> line.startsWith("rate")).findFirst().orElse("")
            + " calls/s of InjectRoute, 64 in flight, from one Python client");
  }

  private static com.fasterxml.jackson.databind.JsonNode allocate(String pod) {
    return nodes.api(1).send("PUT", "/api/v1/addresses/default/" + pod, "application/json", "{}");
  }
}

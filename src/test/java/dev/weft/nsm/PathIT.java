package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * What crosses the paths of connections: both families of addresses; and paths that stop to carry
 * while everything else works, and the other way round.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.PYTHON_GRPC})
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PathIT {
  private static final Duration SOON = Duration.ofSeconds(40);
  private static final Pattern VNI = Pattern.compile("vxlan id (\\d+)");

  private final List<EchoEndpoint> endpoints = new ArrayList<>();
  private NsmNodes nodes;
  private NsmNodes.Node home;
  private NsmNodes.Node away;
  private TestNetns client;
  private TestNetns besides;

  /** One connection on the node itself, two over VXLAN to the other node. */
  @BeforeAll
  void connect() throws Exception {
    nodes = NsmNodes.start(2, "tunnels: [vxlan, default], cidr6: \"fd44::/64\"");
    home = nodes.node(1);
    away = nodes.node(2);
    client = home.pod("c1");
    besides = nodes.namespace("local");
    endpoints.add(EchoEndpoint.serve("local", "l1", home, besides));
    besides.run("ip", "link", "set", "lo", "up");
    besides.run("ip", "address", "add", "2001:db8:7::1/128", "dev", "lo");
    endpoints.get(0).offer("2001:db8:7::/48");
    endpoints.add(EchoEndpoint.serve("cut", "c1", away, nodes.namespace("cut")));
    endpoints.add(EchoEndpoint.serve("kept", "k1", away, nodes.namespace("kept")));
    await().atMost(SOON).until(() -> home.get("/api/v1/services").path("items").size() == 3);
    for (String service : List.of("local", "cut", "kept")) {
      home.http(
          "POST",
          "/api/v1/connections",
          "{\"pod\": \"c1\", \"service\": \"%s\", \"requestId\": \"1\"}".formatted(service));
    }
    away.netns.run("nft", "add table inet cut");
    away.netns.run("nft", "add chain inet cut in { type filter hook input priority 0; }");
    await("answers").atMost(SOON).until(() -> home.metric("weft_nsm_paths_carrying") == 3);
  }

  @AfterAll
  void close() throws Exception {
    for (EchoEndpoint endpoint : endpoints) {
      endpoint.close();
    }
    if (nodes != null) {
      nodes.close();
    }
  }

  @Test
  @Order(0)
  void shouldGiveAddressesAndRoutesOfBothFamilies() throws Exception {
    // When
    for (String service : List.of("local", "cut")) {
      JsonNode c = connection(service);
      assertThat(c.path("clientAddress6").asText()).startsWith("fd44::").endsWith("/126");
      assertThat(client.run("ip", "-6", "address", "show", service))
          .contains(c.path("clientAddress6").asText());
      String other = c.path("endpointAddress6").asText().replaceAll("/.*", "");
      // Then
      await(service + " at " + other).atMost(SOON).until(() -> pings(other));
    }
    assertThat(client.run("ip", "-6", "-N", "route")).contains("2001:db8:7::/48 via", "proto 173");
    await("through the service").atMost(SOON).until(() -> pings("2001:db8:7::1"));

    // When the client excludes some of the one family, or all
    TestNetns other = home.pod("c2");
    JsonNode some = ask(other, "c2", "some", connection("local").path("clientAddress6").asText());
    JsonNode none = ask(other, "c2", "none", "::/0");

    // Then
    assertThat(some.path("address6").asText()).startsWith("fd44::");
    assertThat(none.path("address6").asText()).isEmpty();
    assertThat(none.path("unset").toString())
        .contains("2001:db8:7::/48", "the connection has no IPv6 addresses");

    // When a pod has IPv6 disabled
    TestNetns four = home.pod("c3");
    four.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    // Then
    assertThat(ask(four, "c3", "1", "2001:db8::/126").path("address6").asText()).isEmpty();
    home.http("DELETE", "/api/v1/pods/default/c2", "");
    home.http("DELETE", "/api/v1/pods/default/c3", "");
    await("the first pod's connections are left")
        .atMost(SOON)
        .until(() -> home.connections().size() == 3);
  }

  /** A request for the service local, which excludes a prefix. */
  private JsonNode ask(TestNetns pod, String name, String id, String excluded)
      throws IOException, InterruptedException {
    String request =
        "import json, nsm; print(json.dumps(nsm.request('%s', 'local', '%s', excluded=['%s'])))"
            .formatted(home.socketOf(name), id, excluded);
    return Json.mapper()
        .readTree(
            pod.run(
                "env",
                "PYTHONPATH=" + NsmNodes.EXAMPLE,
                "PYTHONDONTWRITEBYTECODE=1",
                Need.PYTHON,
                "-c",
                request));
  }

  @Test
  @Order(1)
  void shouldTellADeadPathAndTakeAnotherWay() throws Exception {
    // When an endpoint's interface is set down, and the underlay drops a VXLAN in one direction
    String interfaceOfLocal = connection("local").path("endpointInterface").asText();
    besides.run("ip", "link", "set", interfaceOfLocal, "down");
    Matcher vni = VNI.matcher(client.run("ip", "-d", "-o", "link", "show", "cut"));
    assertThat(vni.find()).isTrue();
    away.netns.run(
        "nft", "add rule inet cut in udp dport 4789 @th,96,24 " + vni.group(1) + " drop");
    long cut = System.nanoTime();

    // Then the one that has no other way says so, and comes back with its interface
    await("healing").atMost(SOON).until(() -> state("local").equals("healing"));
    System.out.printf("a dead path noticed: %d ms%n", millisSince(cut));
    assertThat(connection("local").path("reason").asText())
        .contains(
            "nothing answers at "
                + connection("local").path("endpointAddress").asText().replaceAll("/.*", ""));

    // And the other one goes on over another tunnel
    await("another tunnel")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(connection("cut").path("carrier").asText()).isEqualTo("wire");
              assertThat(state("cut")).isEqualTo("up");
            });
    System.out.printf("another tunnel: %d ms%n", millisSince(cut));
    String other = connection("cut").path("endpointAddress").asText().replaceAll("/.*", "");
    String other6 = connection("cut").path("endpointAddress6").asText().replaceAll("/.*", "");
    await("frames").atMost(SOON).until(() -> pings(other) && pings(other6));

    besides.run("ip", "link", "set", interfaceOfLocal, "up");
    await("up again").atMost(SOON).until(() -> state("local").equals("up"));
    assertThat(state("kept")).isEqualTo("up");
  }

  @Test
  @Order(2)
  void shouldKeepAPathThatCarriesWhileTheNodesDoNotHearEachOther() throws Exception {
    // When all TCP between the nodes is dropped: gRPC, the cluster, the event bus
    away.netns.run("nft", "add rule inet cut in meta l4proto tcp drop");
    long cut = System.nanoTime();
    home.awaitMembers(1);
    away.awaitMembers(1);
    System.out.printf("the nodes are apart: %d ms%n", millisSince(cut));

    // Then both halves stay up, longer than a node may be away
    String other = connection("kept").path("endpointAddress").asText().replaceAll("/.*", "");
    Callable<Boolean> both =
        () -> state("kept").equals("up") && away.connections().toString().contains("\"kept\"");
    await("both halves stay")
        .during(Duration.ofSeconds(12))
        .atMost(Duration.ofSeconds(20))
        .failFast("a half is gone", () -> !both.call())
        .pollInterval(Duration.ofMillis(500))
        .until(both);
    assertThat(pings(other)).isTrue();
  }

  private boolean pings(String address) throws IOException, InterruptedException {
    return client
        .run("sh", "-c", "ping -c 1 -W 1 -q " + address + " || true")
        .contains("1 received");
  }

  private JsonNode connection(String service) throws IOException {
    for (JsonNode connection : home.connections()) {
      if (connection.path("service").asText().equals(service)) {
        return connection;
      }
    }
    throw new AssertionError("no connection to " + service);
  }

  private String state(String service) throws IOException {
    return connection(service).path("state").asText();
  }

  private static long millisSince(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos).toMillis();
  }
}

package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeLog;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Endpoints' processes, nodes and links are killed at random moments under many connections: each
 * connection is there again, none is left over. Three nodes: the first has a client alone, the
 * second a client and an endpoint, the third an endpoint.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class KillMatrixIT {
  private static final Duration WITHIN = Duration.ofSeconds(90);
  private static final Duration PING = Duration.ofMillis(500);

  private final Random random = new Random(Long.getLong("kill.seed", System.nanoTime()));

  /** Endpoints' processes by their node's number. */
  private final Map<Integer, Process> endpoints = new HashMap<>();

  private final Map<Integer, TestNetns> endpointsAt = new HashMap<>();
  private final Map<Integer, TestNetns> clients = new HashMap<>();

  private NsmNodes nodes;

  /** What is hit. */
  private enum Victim {
    ENDPOINT,
    ENDPOINTS_NODE,
    LINK,
    CLIENTS_NODE
  }

  @Test
  void shouldLoseNoneAndLeaveNothingBehind() throws Exception {
    List<Victim> some =
        List.of(
            random.nextBoolean() ? Victim.ENDPOINT : Victim.LINK,
            random.nextBoolean() ? Victim.ENDPOINTS_NODE : Victim.CLIENTS_NODE);
    run(20, 1, some, false);
  }

  @Test
  @Tag("long")
  void shouldLoseNoneAndLeaveNothingBehindInManyRounds() throws Exception {
    run(
        Integer.getInteger("kill.connections", 100),
        Integer.getInteger("kill.rounds", 50),
        List.of(Victim.values()),
        true);
  }

  private void run(int count, int rounds, List<Victim> victims, boolean everySignal)
      throws Exception {
    try (NsmNodes opened = NsmNodes.start(3, "heal: 20s")) {
      nodes = opened;
      begin(count);
      for (int round = 1; round <= rounds; round++) {
        for (Victim victim : victims) {
          boolean kill = random.nextBoolean();
          hit(round, victim, kill, count);
          if (everySignal && victim != Victim.LINK) {
            hit(round, victim, !kill, count);
          }
        }
      }
      end();
      for (int i = 1; i <= 3; i++) {
        NodeLog.of(nodes.node(i).log().toPath()).assertNews();
      }
    }
  }

  private void begin(int count) throws Exception {
    for (int node : List.of(2, 3)) {
      endpointsAt.put(node, nodes.namespace("e" + node));
      serve(node);
    }
    for (int node : List.of(1, 2)) {
      await("services at n" + node).atMost(WITHIN).until(() -> endpointsSeenBy(node) == 2);
      clients.put(node, nodes.node(node).pod("c" + node));
      JsonNode made =
          NsmNodes.probe(
              clients.get(node),
              "load",
              nodes.node(node).socketOf("c" + node).toString(),
              Integer.toString(count / 2),
              "10",
              "matrix-");
      assertThat(made.path("interfaces").asInt()).as(made.toString()).isEqualTo(count / 2);
    }
    awaitAllWell("the beginning", count);
  }

  private void serve(int node) throws IOException {
    endpoints.put(node, nodes.node(node).echo("e" + node, endpointsAt.get(node)));
  }

  private int endpointsSeenBy(int node) throws IOException {
    return nodes.node(node).get("/api/v1/services").path("items").path(0).path("endpoints").size();
  }

  private void hit(int round, Victim victim, boolean kill, int count) throws Exception {
    int node =
        switch (victim) {
          case CLIENTS_NODE -> 1 + random.nextInt(2);
          default -> 2 + random.nextInt(2);
        };
    String what =
        "round %d: %s of n%d %s".formatted(round, victim, node, kill ? "killed" : "ended");
    // At a random moment of what runs by itself every second, and every five.
    Thread.sleep(random.nextInt(2000));
    long began = System.nanoTime();
    switch (victim) {
      case ENDPOINT -> {
        end(endpoints.get(node), kill);
        Thread.sleep(random.nextInt(4000));
        serve(node);
      }
      case LINK -> {
        nodes.link(node, false);
        Thread.sleep(random.nextInt(9000));
        nodes.link(node, true);
      }
      case ENDPOINTS_NODE, CLIENTS_NODE -> {
        if (kill) {
          nodes.node(node).kill();
        } else {
          assertThat(nodes.node(node).stop()).as(what + ": exit").isZero();
        }
        Thread.sleep(random.nextInt(4000));
        nodes.node(node).start();
        nodes.node(node).awaitMembers(3);
      }
    }
    long back = System.nanoTime();
    awaitAllWell(what, count);
    System.out.printf(
        Locale.ROOT,
        "%s: all well %.1f s after the hit, %.1f s after it was back%n",
        what,
        (System.nanoTime() - began) / 1e9,
        (System.nanoTime() - back) / 1e9);
  }

  private static void end(Process process, boolean kill) {
    if (kill) {
      process.destroyForcibly();
    } else {
      process.destroy();
    }
    process.onExit().join();
  }

  /** Every connection is up at both its nodes, carries, and there is nothing else. */
  private void awaitAllWell(String what, int count) {
    await(what)
        .atMost(WITHIN)
        .pollInterval(Duration.ofMillis(300))
        .ignoreException(IOException.class)
        .untilAsserted(() -> assertAllWell(count));
  }

  private void assertAllWell(int count) throws Exception {
    Map<String, Integer> halves = new HashMap<>();
    Map<Integer, Integer> wires = new HashMap<>();
    Map<String, Integer> links = new HashMap<>();
    int clientsHere = 0;
    for (int i = 1; i <= 3; i++) {
      NsmNodes.Node node = nodes.node(i);
      for (JsonNode c : node.connections()) {
        assertThat(c.path("state").asText()).as(node.name + ": " + c).isEqualTo("up");
        boolean client = c.path("clientNode").asText().equals(node.id);
        boolean endpoint = c.path("endpointNode").asText().equals(node.id);
        halves.merge(c.path("id").asText(), (client ? 1 : 0) + (endpoint ? 1 : 0), Integer::sum);
        if (client) {
          clientsHere++;
          links.merge("c" + i, 1, Integer::sum);
        }
        if (endpoint) {
          links.merge("e" + i, 1, Integer::sum);
        }
        if (client != endpoint) {
          wires.merge(i, 1, Integer::sum);
        }
      }
    }
    assertThat(clientsHere).as("connections").isEqualTo(count);
    assertThat(halves).as("connections with both halves").hasSize(count);
    assertThat(halves.values()).allMatch(n -> n == 2);
    for (int i = 1; i <= 3; i++) {
      NsmNodes.Node node = nodes.node(i);
      assertThat(linksIn("weft-" + node.id))
          .as("ends at n" + i)
          .isEqualTo(wires.getOrDefault(i, 0));
      assertThat(linksIn(node.netns.name())).as("eth0, overlay of n" + i).isLessThanOrEqualTo(2);
      assertThat(node.get("/api/v1/wires").path("items")).hasSize(wires.getOrDefault(i, 0));
    }
    assertLinks("c", clients, links);
    assertLinks("e", endpointsAt, links);
    assertCarry();
  }

  private static void assertLinks(
      String kind, Map<Integer, TestNetns> at, Map<String, Integer> links) throws IOException {
    for (Map.Entry<Integer, TestNetns> each : at.entrySet()) {
      String name = kind + each.getKey();
      assertThat(linksIn(each.getValue().name()))
          .as("interfaces in " + name)
          .isEqualTo(links.getOrDefault(name, 0));
    }
  }

  private void assertCarry() throws Exception {
    for (Map.Entry<Integer, TestNetns> client : clients.entrySet()) {
      try (Netns netns = client.getValue().open()) {
        for (JsonNode c : nodes.node(client.getKey()).connections()) {
          if (c.path("clientNode").asText().equals(nodes.node(client.getKey()).id)) {
            InetAddress peer =
                InetAddress.getByName(c.path("endpointAddress").asText().split("/", 2)[0]);
            assertThat(IcmpEcho.ping(netns, peer, 56, false, PING)).as("ping for " + c).isPresent();
          }
        }
      }
    }
  }

  /** How many there are beside lo. */
  private static int linksIn(String namespace) throws IOException {
    try (Netns netns = Netns.open(namespace);
        Netlink inside = Netlink.open(netns)) {
      return inside.links().size() - 1;
    }
  }

  /** Closes all, after which nothing is left of them. */
  private void end() throws Exception {
    nodes.node(1).closeAll();
    NsmNodes.Node second = nodes.node(2);
    await("the second node has only its own")
        .atMost(WITHIN)
        .untilAsserted(
            () ->
                assertThat(second.connections())
                    .allMatch(c -> c.path("clientNode").asText().equals(second.id)));
    second.closeAll();
    await("nothing is left")
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              assertAllWell(0);
              TreeSet<Double> addresses = new TreeSet<>();
              for (int i = 1; i <= 3; i++) {
                addresses.add(nodes.node(i).metric("weft_nsm_addresses"));
              }
              assertThat(addresses).as("addresses in use").containsExactly(0.0);
            });
  }
}

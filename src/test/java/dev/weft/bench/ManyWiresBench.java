package dev.weft.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.Netns;
import dev.weft.linux.Sysctl;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.ProcessStatus;
import dev.weft.testkit.TestNetns;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What many wires cost, and whether it grows with their number alone: traffic on all at once, none
 * at all, making and removing them, and stopping a node that has them. {@code mvn verify -Pbench
 * -Dit.test=ManyWiresBench}; other numbers of wires by {@code -Dbench.wires=1,10}.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class ManyWiresBench {
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final String CONGESTION = System.getProperty("bench.cc", "reno");
  private static final String CONGESTION_CONTROL = "net/ipv4/tcp_congestion_control";
  private static final int WARM_SECONDS = 6;

  /** Twice as long as all wires are compared with the kernel. */
  private static final int IDLE_SECONDS = Integer.getInteger("bench.idle", 30);

  /** Between two pods. */
  private static final int BLOCK = 100;

  private static final Duration WITHIN = Duration.ofMinutes(5);

  @TempDir Path directory;
  private final List<TestNetns> pods = new ArrayList<>();
  private ProcessCluster cluster;

  @AfterEach
  void clean() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
    pods.forEach(TestNetns::close);
  }

  /** TCP over all wires of two nodes; beside it as many connections over the underlay alone. */
  @Test
  void share() throws Exception {
    start(2, "");
    System.out.printf(
        "%n| wires | TCP Gbit/s | underlay alone | Jain | underlay's | least, most by the mean |"
            + " node CPU, cores | MB resident |%n| --- | --- | --- | --- | --- | --- | --- | ---"
            + " |%n");
    int made = 0;
    for (int count : counts(1, 10, 100, 500)) {
      make(made, count);
      made = count;
      List<String> wires = IntStream.range(0, count).mapToObj(i -> address(i, 2)).toList();
      List<String> underlay = wires.stream().map(w -> ProcessCluster.addressOf(2)).toList();
      TestNetns host = cluster.host(1);
      var below = ManyStreams.run(host, cluster.host(2), underlay, WARM_SECONDS, SECONDS);
      double cpu = cpuSeconds();
      var above = ManyStreams.run(pods.get(0), pods.get(1), wires, WARM_SECONDS, SECONDS);
      System.out.printf(
          Locale.ROOT,
          "| %d | %.2f | %.2f | %.3f | %.3f | %.2f, %.2f | %.2f | %s |%n",
          count,
          above.bits() / 1e9,
          below.bits() / 1e9,
          above.jain(),
          below.jain(),
          above.least(),
          above.most(),
          (cpuSeconds() - cpu) / (WARM_SECONDS + SECONDS),
          resident());
      assertThat(above.jain()).as("Jain's index of %s wires", count).isGreaterThan(0.6);
    }
  }

  /** Memory and CPU of wires that carry nothing. */
  @Test
  void idle() throws Exception {
    start(2, "");
    System.out.printf("%n| idle wires | MB resident | CPU, cores |%n| --- | --- | --- |%n");
    int made = 0;
    for (int count : counts(0, 2000)) {
      make(made, count);
      made = count;
      // What follows from the making is done: certificates are looked at, heaps are collected.
      Thread.sleep(IDLE_SECONDS * 1000L);
      double cpu = cpuSeconds();
      Thread.sleep(IDLE_SECONDS * 1000L);
      System.out.printf(
          Locale.ROOT,
          "| %d | %s | %.3f |%n",
          count,
          resident(),
          (cpuSeconds() - cpu) / IDLE_SECONDS);
    }
  }

  /** Links of three nodes by a file, each between two of them, made and removed. */
  @Test
  void makeAndRemove() throws Exception {
    start(3, "");
    System.out.printf(
        "%n| links of three nodes | made, s | s per 100 | removed, s | s per 100 |%n"
            + "| --- | --- | --- | --- | --- |%n");
    // The first hundred warms the JVMs.
    for (int count : counts(100, 100, 500, 2000)) {
      double made = make(0, count);
      double removed = remove(count);
      System.out.printf(
          Locale.ROOT,
          "| %d | %.2f | %.2f | %.2f | %.2f |%n",
          count,
          made,
          made * 100 / count,
          removed,
          removed * 100 / count);
    }
  }

  /** A node that is to leave nothing behind. */
  @Test
  void stop() throws Exception {
    start(2, "wires: { on-stop: remove }");
    System.out.printf("%n| wires | stopped, s | s per 100 |%n| --- | --- | --- |%n");
    for (int count : counts(100, 500, 2000)) {
      make(0, count);
      long begun = System.nanoTime();
      Process node = cluster.process(1);
      node.toHandle().destroy();
      assertThat(node.waitFor(WITHIN.toSeconds(), TimeUnit.SECONDS)).as("stopped").isTrue();
      double seconds = (System.nanoTime() - begun) / 1e9;
      System.out.printf(
          Locale.ROOT, "| %d | %.2f | %.2f |%n", count, seconds, seconds * 100 / count);
      remove(2, count);
      cluster.start(1);
      cluster.awaitReady(1);
      cluster.awaitMembers(2);
      awaitWires(0);
    }
  }

  private void start(int nodes, String configuration) throws Exception {
    cluster = ProcessCluster.start(directory, nodes, configuration);
    for (int node = 1; node <= nodes; node++) {
      pods.add(TestNetns.create("p" + node));
      try (Netns pod = pods.get(node - 1).open();
          Netns host = cluster.host(node).open()) {
        Sysctl.write(pod, CONGESTION_CONTROL, CONGESTION);
        Sysctl.write(host, CONGESTION_CONTROL, CONGESTION);
      }
    }
  }

  private static int[] counts(int... usual) {
    String asked = System.getProperty("bench.wires", "");
    return asked.isEmpty()
        ? usual
        : Arrays.stream(asked.split(",", -1)).mapToInt(Integer::parseInt).toArray();
  }

  /** Links up to a number, by one file; the seconds until all are up at all nodes. */
  private double make(int from, int to) {
    for (int block = from / BLOCK; block * BLOCK < to; block++) {
      for (int node = 1; node <= pods.size(); node++) {
        cluster.pod(node, pod(node, block), pods.get(node - 1));
      }
    }
    long begun = System.nanoTime();
    if (to > from) {
      cluster.api(1).send("POST", "/api/v1/topologies", "application/yaml", file(to));
    }
    awaitWires(to);
    return (System.nanoTime() - begun) / 1e9;
  }

  /** As {@code weft topology delete} does it; the seconds until none is left. */
  private double remove(int count) {
    long begun = System.nanoTime();
    remove(1, count);
    awaitWires(0);
    return (System.nanoTime() - begun) / 1e9;
  }

  private void remove(int asked, int count) {
    var api = cluster.api(asked);
    for (int block = 0; block * BLOCK < count; block++) {
      for (int node = 1; node <= pods.size(); node++) {
        api.delete("/api/v1/topologies/default/" + pod(node, block));
      }
    }
  }

  /** Each link has an end at two nodes. */
  private void awaitWires(int links) {
    Awaitility.await(links + " links up")
        .atMost(WITHIN)
        .pollInterval(Duration.ofMillis(100))
        .until(() -> ends("up") == 2 * links && ends("total") == 2 * links);
  }

  private int ends(String state) {
    int ends = 0;
    for (int node = 1; node <= pods.size(); node++) {
      JsonNode wires = cluster.api(node).get("/api/v1/wires?limit=1");
      ends += wires.path(state).asInt(wires.path("states").path(state).asInt());
    }
    return ends;
  }

  private String file(int links) {
    Map<String, StringBuilder> topologies = new TreeMap<>();
    for (int link = 0; link < links; link++) {
      int one = link % (pods.size() == 2 ? 1 : pods.size()) + 1;
      int two = one % pods.size() + 1;
      describe(topologies, link, one, 1, two);
      describe(topologies, link, two, 2, one);
    }
    return String.join("---\n", topologies.values());
  }

  private static void describe(
      Map<String, StringBuilder> topologies, int link, int node, int end, int peer) {
    int block = link / BLOCK;
    topologies
        .computeIfAbsent(
            pod(node, block),
            name ->
                new StringBuilder(
                    """
                    apiVersion: networkop.co.uk/v1beta1
                    kind: Topology
                    metadata: { name: %s }
                    spec:
                      links:
                    """
                        .formatted(name)))
        .append(
            "  - { uid: %1$d, peer_pod: %2$s, local_intf: e%1$d, peer_intf: e%1$d, local_ip: %3$s/24 }%n"
                .formatted(link, pod(peer, block), address(link, end)));
  }

  private static String pod(int node, int block) {
    return "p" + node + "-" + block;
  }

  private static String address(int link, int end) {
    return "12." + link / BLOCK + "." + link % BLOCK + "." + end;
  }

  /** Of all nodes, since their start. */
  private double cpuSeconds() {
    return IntStream.rangeClosed(1, pods.size())
        .mapToObj(node -> cluster.process(node).info().totalCpuDuration().orElseThrow())
        .mapToDouble(spent -> spent.toMillis() / 1e3)
        .sum();
  }

  /** Of each node. */
  private String resident() throws Exception {
    List<String> megabytes = new ArrayList<>();
    for (int node = 1; node <= pods.size(); node++) {
      megabytes.add(Long.toString(ProcessStatus.of(cluster.process(node)).residentMegabytes()));
    }
    return String.join(", ", megabytes);
  }
}

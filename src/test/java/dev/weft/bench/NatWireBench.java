package dev.weft.bench;

import dev.weft.testkit.LabNodes;
import dev.weft.testkit.NatKind;
import dev.weft.testkit.NatRouter;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeProcess;
import dev.weft.testkit.PathHistory;
import dev.weft.testkit.TestNetns;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * TCP over wires: between members, which dial each other (the direct way); between outposts behind
 * NATs over the punched path; and the same through a member, while that path is blocked.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.CONNTRACK})
class NatWireBench {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void compare() throws Exception {
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    try (LabNodes nodes = LabNodes.start(directory, 2, "");
        TestNetns m1 = TestNetns.create("m1");
        TestNetns m2 = TestNetns.create("m2");
        TestNetns p1 = TestNetns.create("p1");
        TestNetns p2 = TestNetns.create("p2")) {
      NatRouter routerA = nodes.lab().router(NatKind.PORT_RESTRICTED);
      NatRouter routerB = nodes.lab().router(NatKind.PORT_RESTRICTED);
      NodeProcess a = nodes.behind("a", routerA.host("a"), "udp", "");
      NodeProcess b = nodes.behind("b", routerB.host("b"), "udp", "");
      a.start();
      b.start();
      a.awaitReady();
      b.awaitReady();
      wire(1, nodes.member(1), "m1", m1, nodes.member(2), "m2", m2);
      wire(2, a, "p1", p1, b, "p2", p2);
      for (int round = 0; round < ROUNDS; round++) {
        await(a, b, true);
        measure(figures, "members, direct way", m1, m2, "12.1.1.2");
        measure(figures, "outposts, punched", p1, p2, "12.1.2.2");
        routerA.block(routerB.outside());
        await(a, b, false);
        measure(figures, "outposts, relayed", p1, p2, "12.1.2.2");
        routerA.mend();
      }
    }
    System.out.printf("%-24s %8s %8s%n", "TCP over a wire", "Gbit/s", "ratio");
    double direct = median(figures.get("members, direct way"));
    figures.forEach(
        (name, rounds) ->
            System.out.printf(
                Locale.ROOT,
                "%-24s %8.2f %8.3f%n",
                name,
                median(rounds) / 1e9,
                median(rounds) / direct));
  }

  private static void wire(
      int uid, NodeProcess a, String podA, TestNetns one, NodeProcess b, String podB, TestNetns two)
      throws Exception {
    a.pod(podA, one);
    b.pod(podB, two);
    Awaitility.await("pods at " + a.name())
        .atMost(SOON)
        .until(
            () -> {
              String pods = a.api().get("/api/v1/pods?scope=cluster").toString();
              return pods.contains(podA) && pods.contains(podB);
            });
    String prefix = "12.1." + uid + ".";
    a.link(uid, podA, prefix + "1/24", b, podB, prefix + "2/24", "");
  }

  private static void await(NodeProcess a, NodeProcess b, boolean direct) {
    Awaitility.await(direct ? "punched" : "relayed")
        .atMost(SOON)
        .until(
            () ->
                PathHistory.of(a, b).isDirect() == direct
                    && PathHistory.of(b, a).isDirect() == direct);
  }

  private static void measure(
      Map<String, List<Double>> figures, String name, TestNetns from, TestNetns to, String address)
      throws Exception {
    figures
        .computeIfAbsent(name, n -> new ArrayList<>())
        .add(Iperf.tcp(from, to, address, SECONDS, 1).bitsPerSecond());
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}

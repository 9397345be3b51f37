package dev.weft.bench;

import dev.weft.linux.DatagramFlood;
import dev.weft.linux.Netns;
import dev.weft.testkit.AddressedPod;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packets between addresses of pods on two nodes: by VXLAN, and through a tunnel. */
@Needs({Need.ROOT, Need.IPROUTE2})
class TunnelBench {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 3);
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void compare() throws Exception {
    Map<String, List<double[]>> figures = new LinkedHashMap<>();
    try (ProcessCluster vxlan = start("vxlan");
        ProcessCluster mesh = start("mesh")) {
      for (int round = 0; round < ROUNDS; round++) {
        measure(figures, "vxlan", vxlan);
        measure(figures, "mesh", mesh);
      }
    }
    System.out.printf(
        "%-8s %12s %8s %12s %8s%n", "carrier", "TCP Gbit/s", "ratio", "64 B kpps", "ratio");
    double[] plain = median(figures.get("vxlan"));
    figures.forEach(
        (name, rounds) -> {
          double[] its = median(rounds);
          System.out.printf(
              Locale.ROOT,
              "%-8s %12.2f %8.2f %12.0f %8.2f%n",
              name,
              its[0] / 1e9,
              its[0] / plain[0],
              its[1] / 1e3,
              its[1] / plain[1]);
        });
  }

  private ProcessCluster start(String carrier) throws Exception {
    String configuration = "subnets: { carrier: " + carrier + " }";
    return ProcessCluster.start(directory.resolve(carrier), 2, configuration);
  }

  private static void measure(
      Map<String, List<double[]>> figures, String name, ProcessCluster nodes) throws Exception {
    try (AddressedPod from = AddressedPod.create(nodes.node(1), "b1");
        AddressedPod to = AddressedPod.create(nodes.node(2), "b2")) {
      Awaitility.await(name).atMost(SOON).until(() -> from.pings(to, 100));
      double tcp = Iperf.tcp(from.netns(), to.netns(), to.address(), SECONDS, 1).bitsPerSecond();
      double udp = flood(from.netns(), to);
      figures.computeIfAbsent(name, n -> new ArrayList<>()).add(new double[] {tcp, udp});
    }
  }

  private static double flood(TestNetns from, AddressedPod to) throws Exception {
    try (Netns one = from.open();
        Netns two = to.netns().open()) {
      InetAddress address = InetAddress.getByName(to.address());
      return DatagramFlood.run(one, two, address, 64, SECONDS).delivered();
    }
  }

  private static double[] median(List<double[]> rounds) {
    double[] medians = new double[2];
    for (int figure = 0; figure < medians.length; figure++) {
      int at = figure;
      double[] sorted = rounds.stream().mapToDouble(round -> round[at]).sorted().toArray();
      medians[figure] = sorted[sorted.length / 2];
    }
    return medians;
  }
}

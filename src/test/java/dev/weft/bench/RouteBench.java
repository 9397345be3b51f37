package dev.weft.bench;

import dev.weft.address.Cidr;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Route;
import dev.weft.linux.RouteFailure;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.QuiltClient;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Route writes against {@code ip -batch} in the same run, and InjectRoute over gRPC. Needs root,
 * iproute2 and Debian's python3-grpcio; prints a table.
 */
public final class RouteBench {
  private static final int ROUTES = 10_000;
  private static final int ROUNDS = 7;

  private RouteBench() {}

  public static void main(String[] args) throws Exception {
    try (TestNetns netns = TestNetns.create("bench")) {
      netns.run("ip", "link", "add", "dev0", "type", "bridge");
      netns.run("ip", "link", "set", "dev0", "up");
      System.out.printf(
          "%-44s %12s %12s%n", ROUTES + " routes, median of " + ROUNDS, "ms", "routes/s");
      row("ip -batch, a process each time", ipBatch(netns));
      try (Netns open = netns.open();
          Netlink netlink = Netlink.open(open)) {
        row("Weft, batches over one socket", batches(netlink));
      }
    }
    overGrpc();
  }

  private static List<Double> ipBatch(TestNetns netns) throws Exception {
    Path batch = Files.createTempFile("routes", ".batch");
    Files.write(
        batch, destinations().stream().map(d -> "route add " + d + " dev dev0 proto 173").toList());
    List<Double> millis = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      long begun = System.nanoTime();
      netns.run("ip", "-batch", batch.toString());
      millis.add((System.nanoTime() - begun) / 1e6);
      netns.run("ip", "route", "flush", "proto", "173");
    }
    Files.delete(batch);
    return millis;
  }

  private static List<Double> batches(Netlink netlink) throws IOException {
    int device = netlink.require("dev0").index();
    List<Route> routes =
        destinations().stream().map(d -> Route.onLink(Cidr.parse(d), device)).toList();
    List<Double> millis = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      long begun = System.nanoTime();
      List<RouteFailure> refused = netlink.addRoutes(routes);
      millis.add((System.nanoTime() - begun) / 1e6);
      if (!refused.isEmpty()) {
        throw refused.get(0).cause();
      }
      netlink.deleteRoutes(routes);
    }
    return millis;
  }

  private static void overGrpc() throws Exception {
    Path directory = Files.createTempDirectory("weft-bench");
    try (ProcessCluster nodes = ProcessCluster.prepare(directory, 1, "log: { level: warn }")) {
      nodes.start(1);
      nodes.awaitReady(1);
      QuiltClient quilt = new QuiltClient(nodes.host(1));
      quilt.call("many", "100000", "3000", "eth0", "64");
      for (int flight : new int[] {1, 16, 64}) {
        String first = Integer.toString(flight * ROUTES);
        int count = flight == 1 ? 2000 : ROUTES;
        String rate =
            quilt
                .call("many", first, Integer.toString(count), "eth0", Integer.toString(flight))
                .lines()
                .filter(line -> line.startsWith("rate "))
                .findFirst()
                .orElseThrow();
        System.out.printf(
            "%-44s %12s %12s%n",
            "InjectRoute, one Python client, " + flight + " in flight", "", rate.substring(5));
      }
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
          Files.delete(file);
        }
      }
    }
  }

  private static void row(String what, List<Double> millis) {
    double median = millis.stream().sorted().toList().get(millis.size() / 2);
    System.out.printf("%-44s %12.1f %12.0f%n", what, median, ROUTES / median * 1000);
  }

  private static List<String> destinations() {
    List<String> destinations = new ArrayList<>();
    for (int i = 0; i < ROUTES; i++) {
      destinations.add("11." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255) + "/32");
    }
    return destinations;
  }
}

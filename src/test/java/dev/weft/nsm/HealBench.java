package dev.weft.nsm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * How long connections are without an endpoint when the one that all of them have is gone and
 * another node has one more: three nodes on one host, the clients on the first. {@code mvn verify
 * -Pbench -Dit.test=HealBench}, about five minutes; {@code -Dbench.connections=50} is one row.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class HealBench {
  private static final long GIVE_UP_NANOS = 180_000_000_000L;

  @Test
  void heal() throws Exception {
    System.out.println("| connections | healed | half within s | 99 % within s | all within s |");
    System.out.println("| --- | --- | --- | --- | --- |");
    for (String count : System.getProperty("bench.connections", "1,50,300,1000").split(",", -1)) {
      heal(Integer.parseInt(count));
    }
  }

  private static void heal(int count) throws Exception {
    try (NsmNodes nodes = NsmNodes.start(3, "heal: 10s")) {
      NsmNodes.Node home = nodes.node(1);
      TestNetns client = home.pod("c1");
      try (EchoEndpoint first =
          EchoEndpoint.serve("first", nodes.node(2), nodes.namespace("echo1"))) {
        awaitEndpoints(home, 1);
        String socket = home.socketOf("c1").toString();
        JsonNode made =
            NsmNodes.probe(client, "load", socket, Integer.toString(count), "50", "heal-");
        System.out.printf(
            Locale.ROOT,
            "made %s, failed %s, p50 %.0f ms, p99 %.0f ms%n",
            made.path("interfaces"),
            made.path("failed"),
            made.path("p50").asDouble(),
            made.path("p99").asDouble());
        try (EchoEndpoint second =
            EchoEndpoint.serve("second", nodes.node(3), nodes.namespace("echo2"))) {
          awaitEndpoints(home, 2);
          long began = System.nanoTime();
          first.close();
          report(count, home, began);
        }
      }
    }
  }

  private static void report(int count, NsmNodes.Node home, long began) throws Exception {
    Map<Integer, Double> healedAfter = new TreeMap<>();
    Set<String> healed = new HashSet<>();
    JsonNode now = home.connections();
    while (healed.size() < now.size() && System.nanoTime() - began < GIVE_UP_NANOS) {
      Thread.sleep(200);
      now = home.connections();
      double seconds = (System.nanoTime() - began) / 1e9;
      for (JsonNode c : now) {
        if (c.path("provider").asText().equals("second")
            && c.path("state").asText().equals("up")
            && healed.add(c.path("id").asText())) {
          healedAfter.put(healed.size(), seconds);
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %d | %d | %.1f | %.1f | %.1f |%n",
        count,
        healed.size(),
        healedAfter.getOrDefault((count + 1) / 2, Double.NaN),
        healedAfter.getOrDefault((count * 99 + 99) / 100, Double.NaN),
        healedAfter.getOrDefault(count, Double.NaN));
  }

  private static void awaitEndpoints(NsmNodes.Node home, int count) throws Exception {
    long until = System.nanoTime() + GIVE_UP_NANOS;
    while (home.get("/api/v1/services").path("items").path(0).path("endpoints").size() < count) {
      if (System.nanoTime() > until) {
        throw new AssertionError("no " + count + " endpoints");
      }
      Thread.sleep(100);
    }
  }
}

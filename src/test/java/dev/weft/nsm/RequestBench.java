package dev.weft.nsm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * What a burst of requests takes: a thousand new connections of one pod, 50 in flight, client and
 * endpoint on the node's host, from the node's start on, in rounds. {@code mvn verify -Pbench
 * -Dit.test=RequestBench}, three to four minutes; {@code -Dbench.rounds=1} is shorter and colder.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class RequestBench {
  /** So many that the last two minutes, which the node's own figures cover, are a warm node's. */
  private static final int ROUNDS = 2 + 8 * Integer.getInteger("bench.rounds", 3);

  private static final String REQUESTS = "1000";
  private static final String FLIGHT = "50";

  @Test
  void burst() throws Exception {
    try (NsmNodes nodes = NsmNodes.start(1, "heal: 1s")) {
      NsmNodes.Node node = nodes.node(1);
      TestNetns client = node.pod("c1");
      String socket = node.socketOf("c1").toString();
      try (EchoEndpoint echo = EchoEndpoint.serve("quick", node, nodes.namespace("echo"))) {
        System.out.println("| round | p50 ms | p99 ms | again: p50 ms | p99 ms | a veth pair ms |");
        System.out.println("| --- | --- | --- | --- | --- | --- |");
        for (int round = 1; round <= ROUNDS; round++) {
          String prefix = "r" + round + "-";
          JsonNode first = NsmNodes.probe(client, "load", socket, REQUESTS, FLIGHT, prefix);
          JsonNode again = NsmNodes.probe(client, "load", socket, REQUESTS, FLIGHT, prefix);
          System.out.printf(
              Locale.ROOT,
              "| %d | %.0f | %.0f | %.0f | %.0f | %.2f |%n",
              round,
              first.path("p50").asDouble(),
              first.path("p99").asDouble(),
              again.path("p50").asDouble(),
              again.path("p99").asDouble(),
              nodes.vethMillis());
          node.closeAll();
        }
        System.out.printf(
            Locale.ROOT,
            "The node itself, in the last two minutes, without the endpoint: p50 %.0f ms, p99 %.0f ms%n",
            ownMillis(node, "0.5"),
            ownMillis(node, "0.99"));
      }
    }
  }

  private static double ownMillis(NsmNodes.Node node, String quantile) throws IOException {
    return 1000
        * node.metric(
            "weft_nsm_request_seconds{outcome=\"accepted\",quantile=\"" + quantile + "\"");
  }
}

package dev.weft.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;

/** TCP by iperf3 between two namespaces. */
final class Iperf {
  private static final String PORT = "5201";

  private Iperf() {}

  /**
   * What arrived.
   *
   * @param retransmits segments that the sender's kernel sent again
   */
  record Tcp(double bitsPerSecond, double bytes, double retransmits) {}

  /**
   * Sends as much as can be.
   *
   * @param streams connections at once
   */
  static Tcp tcp(TestNetns from, TestNetns to, String address, int seconds, int streams)
      throws Exception {
    Path log = Files.createTempFile("iperf3", ".txt");
    Process server = to.start(log.toFile(), "iperf3", "-s", "-1", "-p", PORT);
    try {
      Awaitility.await("iperf3 -s")
          .atMost(Duration.ofSeconds(5))
          .pollInterval(Duration.ofMillis(20))
          .until(() -> to.run("ss", "-ltn").contains(":" + PORT));
      List<String> client =
          List.of(
              "iperf3", "-J", "-c", address, "-p", PORT, "-t", "" + seconds, "-P", "" + streams);
      JsonNode end = Json.mapper().readTree(from.run(client.toArray(String[]::new))).path("end");
      JsonNode received = end.path("sum_received");
      return new Tcp(
          received.path("bits_per_second").asDouble(),
          received.path("bytes").asDouble(),
          end.path("sum_sent").path("retransmits").asDouble());
    } finally {
      server.destroy();
      Files.delete(log);
    }
  }
}

package dev.weft.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Traffic by iperf3 between two namespaces. */
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
    JsonNode end = run(from, to, address, seconds, "-P", "" + streams);
    JsonNode received = end.path("sum_received");
    return new Tcp(
        received.path("bits_per_second").asDouble(),
        received.path("bytes").asDouble(),
        end.path("sum_sent").path("retransmits").asDouble());
  }

  /** How many of a hundred datagrams of 1,200 bytes did not arrive, sent at so many Mbit/s. */
  static double udpLost(TestNetns from, TestNetns to, String address, int seconds, int megabits)
      throws Exception {
    return run(from, to, address, seconds, "-u", "-l", "1200", "-b", megabits + "M")
        .path("sum")
        .path("lost_percent")
        .asDouble();
  }

  /** The client's summary. */
  private static JsonNode run(
      TestNetns from, TestNetns to, String address, int seconds, String... more) throws Exception {
    Path log = Files.createTempFile("iperf3", ".txt");
    Process server = to.start(log.toFile(), "iperf3", "-s", "-1", "-p", PORT);
    try {
      Awaitility.await("iperf3 -s")
          .atMost(Duration.ofSeconds(5))
          .pollInterval(Duration.ofMillis(20))
          .until(() -> to.run("ss", "-ltn").contains(":" + PORT));
      String[] client = {"iperf3", "-J", "-c", address, "-p", PORT, "-t", "" + seconds};
      String[] all = Stream.of(client, more).flatMap(Arrays::stream).toArray(String[]::new);
      return Json.mapper().readTree(from.run(all)).path("end");
    } finally {
      server.destroy();
      Files.delete(log);
    }
  }
}

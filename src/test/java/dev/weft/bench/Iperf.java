package dev.weft.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.testkit.Snmp;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;

/** iperf3 between two namespaces. */
final class Iperf {
  private static final String PORT = "5201";

  private Iperf() {}

  /** Bits per second that arrived. */
  static double tcp(TestNetns from, TestNetns to, String address, int seconds) throws Exception {
    return run(from, to, address, seconds)
        .path("end")
        .path("sum_received")
        .path("bits_per_second")
        .asDouble();
  }

  /**
   * Datagrams of a flood.
   *
   * @param delivered a second, to the receiving namespace
   * @param read a second, by the receiving program; what it was too slow for, with the other
   *     processes on its cores, was delivered and is missing here
   */
  record Flood(double delivered, double read) {}

  /** Datagrams of 64 bytes, sent as fast as can be. */
  static Flood udp(TestNetns from, TestNetns to, String address, int seconds) throws Exception {
    long readBefore = Snmp.read(to, "Udp", "InDatagrams");
    long refusedBefore = Snmp.read(to, "Udp", "RcvbufErrors");
    run(from, to, address, seconds, "-u", "-l", "64", "-b", "0");
    double read = Snmp.read(to, "Udp", "InDatagrams") - readBefore;
    double refused = Snmp.read(to, "Udp", "RcvbufErrors") - refusedBefore;
    return new Flood((read + refused) / seconds, read / seconds);
  }

  private static JsonNode run(
      TestNetns from, TestNetns to, String address, int seconds, String... more) throws Exception {
    Path log = Files.createTempFile("iperf3", ".json");
    Process server = to.start(log.toFile(), "iperf3", "-s", "-1", "-p", PORT);
    try {
      Awaitility.await()
          .atMost(Duration.ofSeconds(5))
          .until(() -> to.run("ss", "-ltn").contains(":" + PORT));
      String[] command = new String[8 + more.length];
      String[] fixed = {"iperf3", "-J", "-c", address, "-p", PORT, "-t", String.valueOf(seconds)};
      System.arraycopy(fixed, 0, command, 0, fixed.length);
      System.arraycopy(more, 0, command, fixed.length, more.length);
      return Json.mapper().readTree(from.run(command));
    } finally {
      server.destroy();
      Files.delete(log);
    }
  }
}

package dev.weft.bench;

import dev.weft.linux.DatagramFlood;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.linux.Sysctl;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a wire carries and costs, beside a direct veth pair, kernel VXLAN and, where it is
 * installed, nebula: all in turn, in rounds, since the machine's speed drifts; ratios are to VXLAN
 * of the same round. Prints tables and writes {@code target/wire-bench.json}.
 *
 * <p>{@code mvn verify -Pbench -Dit.test=WireBench}, with {@code -Dbench.rounds}, {@code
 * -Dbench.seconds} of each measurement, {@code -Dbench.modes}, a regular expression of the modes'
 * names, {@code -Dbench.cc}, congestion controls, and {@code -Dbench.java}, the home of a second
 * JDK.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class WireBench {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final Pattern MODES = Pattern.compile(System.getProperty("bench.modes", ".*"));
  private static final List<String> CONTROLS =
      List.of(System.getProperty("bench.cc", "reno,bbr").split(",", -1));

  /** A JVM runs at full speed after some seconds of traffic of each kind. */
  private static final int WARM_SECONDS = 5;

  private static final int PINGS = 500;

  /** Beside TCP, for the time that it takes. */
  private static final long PING_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private static final int BESIDE_PINGS = SECONDS * 100;

  /** A request without an answer by then is lost. */
  private static final Duration PING_TIMEOUT = Duration.ofMillis(200);

  /**
   * What a wire of the usual driver must reach in its ratio to VXLAN, with each congestion control:
   * far less than it does on two cores, so that a miss is a fault and not noise.
   */
  private static final double LEAST_TCP_PLAIN = 0.2;

  private static final double LEAST_TCP_SECURE = 0.1;
  private static final double LEAST_UDP = 1.2;
  private static final double MOST_RTT = 15;

  @TempDir Path directory;

  @Test
  void shouldStayWithinItsDistanceFromVxlan() throws Exception {
    Optional<Jdk> other = Jdk.other();
    WireTable table = new WireTable();
    try (WireModes ways = new WireModes(directory, MODES)) {
      List<WireModes.Mode> modes = ways.make(other);
      for (WireModes.Mode mode : modes) {
        if (mode.name().startsWith("weft")) {
          Iperf.tcp(mode.from(), mode.to(), mode.address(), WARM_SECONDS, 1);
          flood(mode, WARM_SECONDS / 2);
        }
      }
      for (int round = 0; round < ROUNDS; round++) {
        for (WireModes.Mode mode : modes) {
          for (String cc : CONTROLS) {
            table.add(new WireTable.Row(mode.name(), cc), tcp(mode, cc));
          }
          table.add(new WireTable.Row(mode.name(), ""), others(mode));
        }
      }
    }
    WireReport report = new WireReport(table, CONTROLS);
    report.print();
    report.write(
        Map.of(
            "jdk",
            Jdk.OWN.version().toString(),
            "secondJdk",
            other.map(jdk -> jdk.version().toString()).orElse(""),
            "rounds",
            ROUNDS,
            "seconds",
            SECONDS));
    check(table);
  }

  private static Map<String, Double> tcp(WireModes.Mode mode, String cc) throws Exception {
    for (var pod : List.of(mode.from(), mode.to())) {
      try (Netns netns = pod.open()) {
        Sysctl.write(netns, "net/ipv4/tcp_congestion_control", cc);
      }
    }
    FutureTask<List<Double>> pings =
        new FutureTask<>(() -> pings(mode, BESIDE_PINGS, PING_EVERY_NANOS));
    Cpu before = Cpu.now(mode.pids());
    Thread pinging = new Thread(pings, "pings");
    pinging.setDaemon(true);
    pinging.start();
    Iperf.Tcp one = Iperf.tcp(mode.from(), mode.to(), mode.address(), SECONDS, 1);
    Cpu took = Cpu.now(mode.pids()).since(before);
    List<Double> beside = pings.get();
    Iperf.Tcp four = Iperf.tcp(mode.from(), mode.to(), mode.address(), SECONDS, 4);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("x1Gbps", one.bitsPerSecond() / 1e9);
    figures.put("x1Retransmits", one.retransmits());
    figures.put("x4Gbps", four.bitsPerSecond() / 1e9);
    figures.put("x4Retransmits", four.retransmits());
    figures.put("besideP50Ms", percentile(beside, 0.5));
    figures.put("besideP99Ms", percentile(beside, 0.99));
    figures.put("besideLostPercent", 100.0 * (BESIDE_PINGS - beside.size()) / BESIDE_PINGS);
    if (!mode.pids().isEmpty()) {
      figures.put("nodeCores", took.processes() / SECONDS);
      figures.put("nodeSecondsPerGb", took.processes() / (one.bytes() / 1e9));
    }
    figures.put("machineSecondsPerGb", took.machine() / (one.bytes() / 1e9));
    return figures;
  }

  private static Map<String, Double> others(WireModes.Mode mode) throws Exception {
    List<Double> idle = pings(mode, PINGS, 0);
    Cpu before = Cpu.now(mode.pids());
    DatagramFlood.Rates udp = flood(mode, SECONDS);
    Cpu took = Cpu.now(mode.pids()).since(before);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("idleP50Ms", percentile(idle, 0.5));
    figures.put("idleP99Ms", percentile(idle, 0.99));
    figures.put("udpSentKpps", udp.sent() / 1e3);
    figures.put("udpReadKpps", udp.read() / 1e3);
    figures.put("udpLostPercent", 100 * (1 - udp.delivered() / udp.sent()));
    figures.put("udpUnreadPercent", 100 * (udp.delivered() - udp.read()) / udp.sent());
    if (!mode.pids().isEmpty()) {
      figures.put("udpNodeCores", took.processes() / SECONDS);
    }
    return figures;
  }

  private static DatagramFlood.Rates flood(WireModes.Mode mode, int seconds) throws Exception {
    try (Netns from = mode.from().open();
        Netns to = mode.to().open()) {
      return DatagramFlood.run(from, to, InetAddress.getByName(mode.address()), 64, seconds);
    }
  }

  /** Round trips in ms of the requests that were answered, sorted. */
  private static List<Double> pings(WireModes.Mode mode, int count, long everyNanos)
      throws Exception {
    List<Double> millis = new ArrayList<>();
    try (Netns netns = mode.from().open();
        IcmpEcho echo = IcmpEcho.open(netns, InetAddress.getByName(mode.address()), 56, false)) {
      long begin = System.nanoTime();
      for (int i = 0; i < count; i++) {
        echo.ping(PING_TIMEOUT).ifPresent(trip -> millis.add(trip.toNanos() / 1e6));
        LockSupport.parkNanos(begin + (i + 1) * everyNanos - System.nanoTime());
      }
    }
    millis.sort(null);
    return millis;
  }

  private static double percentile(List<Double> sorted, double part) {
    return sorted.isEmpty() ? Double.NaN : sorted.get((int) (sorted.size() * part));
  }

  private static void check(WireTable table) {
    SoftAssertions all = new SoftAssertions();
    for (WireTable.Row row : table.rows()) {
      if (!row.mode().startsWith("weft") || row.mode().contains("worker driver")) {
        continue;
      }
      if (row.cc().isEmpty()) {
        all.assertThat(table.ratio(row, "udpReadKpps")).as(row + " UDP").isGreaterThan(LEAST_UDP);
        all.assertThat(table.ratio(row, "idleP50Ms")).as(row + " RTT").isLessThan(MOST_RTT);
      } else {
        double least = row.mode().contains("TLS") ? LEAST_TCP_SECURE : LEAST_TCP_PLAIN;
        all.assertThat(table.ratio(row, "x1Gbps")).as(row + " TCP").isGreaterThan(least);
      }
    }
    all.assertAll();
  }
}

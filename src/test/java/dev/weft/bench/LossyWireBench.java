package dev.weft.bench;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.linux.Sysctl;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.FutureTask;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Wires over an underlay of 100 Mbit/s with a round trip of 20 ms that loses 1 % of the packets in
 * each direction, beside the underlay itself and kernel VXLAN over it. {@code mvn verify -Pbench
 * -Dit.test=LossyWireBench}; some of the ways by {@code -Dbench.modes}, a regular expression.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class LossyWireBench {
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final Pattern MODES = Pattern.compile(System.getProperty("bench.modes", ".*"));
  private static final Duration DELAY = Duration.ofMillis(10);
  private static final double LOSS = 0.01;
  private static final int WARM_SECONDS = 3;

  /** Less than any of the ways carries. */
  private static final int DATAGRAM_MBITS = 4;

  private static final String TARGET = "12.12.12.2";
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void compare() throws Exception {
    System.out.printf(
        "%n| way | TCP Reno, Mbit/s | TCP BBR, Mbit/s | %d Mbit/s of UDP: lost, %% | ping beside"
            + " it: p50 ms | p99 ms | lost, %% |%n| --- | --- | --- | --- | --- | --- | --- |%n",
        DATAGRAM_MBITS);
    kernel();
    members("reno");
    members("bbr");
    outpost();
  }

  private static boolean wanted(String way) {
    return MODES.matcher(way).matches();
  }

  /** The underlay itself, and kernel VXLAN over it. */
  private void kernel() throws Exception {
    if (!wanted("underlay") && !wanted("kernel VXLAN")) {
      return;
    }
    try (ProcessCluster hosts = ProcessCluster.prepare(directory.resolve("kernel"), 2, "")) {
      for (int number = 1; number <= 2; number++) {
        String vxlan = "ip link add vx0 mtu 1450 type vxlan id 42 dstport 4789 remote %s dev eth0";
        TestNetns host = hosts.host(number);
        host.run(vxlan.formatted(ProcessCluster.addressOf(3 - number)).split(" ", -1));
        host.run("ip", "address", "add", "12.12.12." + number + "/24", "dev", "vx0");
        host.run("ip", "link", "set", "vx0", "up");
      }
      try (LossyPath path = spoil(hosts)) {
        measure("underlay", hosts.host(1), hosts.host(2), ProcessCluster.addressOf(2));
        measure("kernel VXLAN", hosts.host(1), hosts.host(2), TARGET);
      }
    }
  }

  /** Two members, which dial each other by TCP. */
  private void members(String control) throws Exception {
    String way = "wire, TCP " + control;
    if (!wanted(way)) {
      return;
    }
    try (ProcessCluster cluster = ProcessCluster.prepare(directory.resolve(control), 2, "")) {
      for (int number = 1; number <= 2; number++) {
        control(cluster.host(number), control);
        cluster.start(number);
        cluster.awaitReady(number);
      }
      cluster.awaitMembers(2);
      wire(way, cluster);
    }
  }

  /** A member and an outpost, whose streams go over QUIC, which has BBR. */
  private void outpost() throws Exception {
    String way = "wire, QUIC";
    if (!wanted(way)) {
      return;
    }
    String address = "'udp://%s:7654'".formatted(ProcessCluster.addressOf(1));
    try (ProcessCluster cluster =
        ProcessCluster.startWithOutposts(
            directory.resolve("quic"),
            1,
            1,
            number ->
                number == 1
                    ? "mesh: { listen: [ " + address + " ] }"
                    : "mesh: { links: [ { to: " + address + " } ] }")) {
      wire(way, cluster);
    }
  }

  private static void wire(String way, ProcessCluster cluster) throws Exception {
    try (TestNetns one = TestNetns.create("p1");
        TestNetns two = TestNetns.create("p2")) {
      cluster.pod(1, "p1", one);
      cluster.pod(2, "p2", two);
      Awaitility.await("both pods")
          .atMost(SOON)
          .until(() -> cluster.api(1).get("/api/v1/pods?scope=cluster").path("items").size() == 2);
      cluster.link(1, 1, "p1", "12.12.12.1/24", 2, "p2", TARGET + "/24", "");
      // As fast as the machine is, so that the JVMs are warm.
      Iperf.tcp(one, two, TARGET, WARM_SECONDS, 1);
      try (LossyPath path = spoil(cluster)) {
        measure(way, one, two, TARGET);
      }
    }
  }

  /** The hosts reach each other only by the path from now on. */
  private static LossyPath spoil(ProcessCluster cluster) throws Exception {
    for (int number = 1; number <= 2; number++) {
      // Each packet is lost or not on its own.
      cluster.host(number).run("ip", "link", "set", "eth0", "gso_max_segs", "1");
      String rate = "tc qdisc add dev eth0 root tbf rate 100mbit burst 32kb latency 50ms";
      cluster.host(number).run(rate.split(" ", -1));
    }
    cluster.partition(2);
    return new LossyPath(cluster.network(), "n1", "n2", DELAY, LOSS);
  }

  private static void measure(String way, TestNetns from, TestNetns to, String address)
      throws Exception {
    if (!wanted(way)) {
      return;
    }
    List<Double> rates = new ArrayList<>();
    for (String inner : List.of("reno", "bbr")) {
      control(from, inner);
      rates.add(Iperf.tcp(from, to, address, SECONDS, 1).bitsPerSecond() / 1e6);
    }
    FutureTask<Double> lost =
        new FutureTask<>(() -> Iperf.udpLost(from, to, address, SECONDS, DATAGRAM_MBITS));
    new Thread(lost, "datagrams").start();
    List<Double> millis = new ArrayList<>();
    int pings = 0;
    try (Netns netns = from.open();
        IcmpEcho echo = IcmpEcho.open(netns, InetAddress.getByName(address), 56, false)) {
      for (; !lost.isDone(); pings++) {
        echo.ping(Duration.ofSeconds(1)).ifPresent(t -> millis.add(t.toNanos() / 1e6));
      }
    }
    millis.sort(null);
    System.out.printf(
        Locale.ROOT,
        "| %s | %.1f | %.1f | %.2f | %.1f | %.1f | %.1f |%n",
        way,
        rates.get(0),
        rates.get(1),
        lost.get(),
        millis.get(millis.size() / 2),
        millis.get((int) (millis.size() * 0.99)),
        100.0 * (pings - millis.size()) / pings);
  }

  private static void control(TestNetns netns, String name) throws Exception {
    try (Netns open = netns.open()) {
      Sysctl.write(open, "net/ipv4/tcp_congestion_control", name);
    }
  }
}

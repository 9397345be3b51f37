package dev.weft.bench;

import dev.weft.address.Cidr;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import dev.weft.linux.VxlanSpec;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a wire carries, beside a direct veth pair, kernel VXLAN and, where it is installed, nebula:
 * all in turn, in rounds, since the machine's speed drifts; ratios are to VXLAN of the same round.
 * {@code mvn verify -Pbench}; rounds and seconds by {@code -Dbench.rounds} and {@code
 * -Dbench.seconds}.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class WireBench {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final int WARM_SECONDS = 6;
  private static final int PINGS = 500;

  @TempDir Path directory;
  private final List<AutoCloseable> made = new ArrayList<>();

  /** Two namespaces with a way between them. */
  private record Mode(String name, TestNetns from, TestNetns to, String address, List<Long> pids) {}

  /** One mode in one round; rates in bits and datagrams a second, CPU in cores. */
  private record Figures(double tcp, Iperf.Flood udp, double p50, double p99, double cpu) {}

  @AfterEach
  void clean() throws Exception {
    for (int i = made.size() - 1; i >= 0; i--) {
      made.get(i).close();
    }
  }

  @Test
  void compare() throws Exception {
    List<Mode> modes = new ArrayList<>();
    TestNetns one = pod("b1");
    TestNetns two = pod("b2");
    TestNetns hostOne = pod("h1");
    TestNetns hostTwo = pod("h2");
    modes.add(direct(one, two));
    modes.add(vxlan(hostOne, hostTwo));
    nebula(hostOne, hostTwo).ifPresent(modes::add);
    modes.add(weft("weft, plain", false, "epoll"));
    modes.add(weft("weft, plain, worker driver", false, "worker"));
    modes.add(weft("weft, mutual TLS", true, "epoll"));
    modes.add(weft("weft, mutual TLS, worker driver", true, "worker"));

    Map<String, List<Figures>> figures = new LinkedHashMap<>();
    for (Mode mode : modes) {
      // A JVM runs at full speed after some seconds of traffic of each kind.
      Iperf.tcp(mode.from(), mode.to(), mode.address(), WARM_SECONDS);
      Iperf.udp(mode.from(), mode.to(), mode.address(), WARM_SECONDS / 2);
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (Mode mode : modes) {
        figures.computeIfAbsent(mode.name(), m -> new ArrayList<>()).add(measure(mode));
      }
    }
    print(figures);
  }

  private static Figures measure(Mode mode) throws Exception {
    double[] rtt = pings(mode);
    double cpuBefore = cpuSeconds(mode.pids());
    double tcp = Iperf.tcp(mode.from(), mode.to(), mode.address(), SECONDS);
    double cpu = (cpuSeconds(mode.pids()) - cpuBefore) / SECONDS;
    Iperf.Flood udp = Iperf.udp(mode.from(), mode.to(), mode.address(), SECONDS);
    return new Figures(tcp, udp, rtt[0], rtt[1], cpu);
  }

  private static double[] pings(Mode mode) throws Exception {
    List<Double> millis = new ArrayList<>();
    try (Netns netns = mode.from().open();
        IcmpEcho echo = IcmpEcho.open(netns, InetAddress.getByName(mode.address()), 56, false)) {
      for (int i = 0; i < PINGS; i++) {
        echo.ping(Duration.ofSeconds(1)).ifPresent(t -> millis.add(t.toNanos() / 1e6));
      }
    }
    millis.sort(null);
    return new double[] {millis.get(millis.size() / 2), millis.get((int) (millis.size() * 0.99))};
  }

  private static void print(Map<String, List<Figures>> figures) {
    List<Figures> vxlan = figures.get("kernel VXLAN");
    System.out.printf(
        "%n| mode | TCP Gbit/s | x VXLAN | 64 B UDP kpps | x VXLAN | read | RTT p50 ms | x VXLAN |"
            + " p99 ms | node CPU, cores |%n"
            + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |%n");
    figures.forEach(
        (name, rounds) -> {
          List<Double> tcp = new ArrayList<>();
          List<Double> udp = new ArrayList<>();
          List<Double> rtt = new ArrayList<>();
          for (int i = 0; i < rounds.size(); i++) {
            tcp.add(rounds.get(i).tcp() / vxlan.get(i).tcp());
            udp.add(rounds.get(i).udp().delivered() / vxlan.get(i).udp().delivered());
            rtt.add(rounds.get(i).p50() / vxlan.get(i).p50());
          }
          System.out.printf(
              Locale.ROOT,
              "| %s | %.2f | %.2f | %.0f | %.2f | %.0f | %.3f | %.1f | %.3f | %.2f |%n",
              name,
              median(rounds.stream().map(f -> f.tcp() / 1e9).toList()),
              median(tcp),
              median(rounds.stream().map(f -> f.udp().delivered() / 1e3).toList()),
              median(udp),
              median(rounds.stream().map(f -> f.udp().read() / 1e3).toList()),
              median(rounds.stream().map(Figures::p50).toList()),
              median(rtt),
              median(rounds.stream().map(Figures::p99).toList()),
              median(rounds.stream().map(Figures::cpu).toList()));
        });
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    sorted.sort(null);
    return sorted.get(sorted.size() / 2);
  }

  private Mode direct(TestNetns one, TestNetns two) throws Exception {
    veth(one, "d0", "13.13.13.1/24", two, "d0", "13.13.13.2/24", 1500);
    return new Mode("direct veth", one, two, "13.13.13.2", List.of());
  }

  /** Pod, bridge and VXLAN device on each of two hosts that an Ethernet joins. */
  private Mode vxlan(TestNetns hostOne, TestNetns hostTwo) throws Exception {
    veth(hostOne, "ul0", "10.98.0.1/24", hostTwo, "ul0", "10.98.0.2/24", 1500);
    TestNetns podOne = pod("v1");
    TestNetns podTwo = pod("v2");
    vxlanEnd(hostOne, podOne, 1);
    vxlanEnd(hostTwo, podTwo, 2);
    return new Mode("kernel VXLAN", podOne, podTwo, "14.14.14.2", List.of());
  }

  private static void vxlanEnd(TestNetns host, TestNetns pod, int number) throws Exception {
    try (Netns hostNs = host.open();
        Netlink onHost = Netlink.open(hostNs);
        Netns podNs = pod.open();
        Netlink inPod = Netlink.open(podNs)) {
      Link bridge = onHost.createBridge("br0");
      Link port =
          onHost.createVeth(
              new VethSpec("w0", 1450, "", true, false, new VethSpec.Peer(podNs, "eth1", 1450)));
      Link vxlan =
          onHost.createVxlan(
              new VxlanSpec(
                  "vx0",
                  42,
                  InetAddress.getByName("10.98.0." + number),
                  Optional.of(InetAddress.getByName("10.98.0." + (3 - number))),
                  4789,
                  onHost.require("ul0").index(),
                  true,
                  1450));
      for (Link link : List.of(port, vxlan)) {
        onHost.setMaster(link.index(), bridge.index());
        onHost.setUp(link.index());
      }
      onHost.setUp(bridge.index());
      Link eth1 = inPod.require("eth1");
      inPod.addAddress(eth1.index(), Cidr.parse("14.14.14." + number + "/24"));
      inPod.setUp(eth1.index());
    }
  }

  /** Nebula with AES between the two hosts, where it is installed. */
  private Optional<Mode> nebula(TestNetns hostOne, TestNetns hostTwo) throws Exception {
    if (!Files.isExecutable(Path.of("/usr/bin/nebula"))) {
      return Optional.empty();
    }
    Path home = Files.createDirectories(directory.resolve("nebula"));
    hostOne.run("sh", "-c", "cd " + home + " && nebula-cert ca -name bench");
    List<Long> pids = new ArrayList<>();
    for (int i = 1; i <= 2; i++) {
      TestNetns host = i == 1 ? hostOne : hostTwo;
      String sign = "cd %s && nebula-cert sign -name n%d -ip 15.15.15.%d/24";
      host.run("sh", "-c", sign.formatted(home, i, i));
      Path config = home.resolve("n" + i + ".yml");
      Files.writeString(
          config,
          """
          pki: { ca: %1$s/ca.crt, cert: %1$s/n%2$d.crt, key: %1$s/n%2$d.key }
          static_host_map: { "15.15.15.%3$d": ["10.98.0.%3$d:4242"] }
          lighthouse: { am_lighthouse: false, hosts: [] }
          listen: { host: 10.98.0.%2$d, port: 4242 }
          tun: { dev: neb%2$d, mtu: 1300, tx_queue: 500 }
          cipher: aes
          firewall:
            outbound: [ { port: any, proto: any, host: any } ]
            inbound: [ { port: any, proto: any, host: any } ]
          """
              .formatted(home, i, 3 - i));
      Process nebula =
          host.start(home.resolve("n" + i + ".log").toFile(), "nebula", "-config", config + "");
      pids.add(nebula.pid());
    }
    Mode mode = new Mode("nebula (AES)", hostOne, hostTwo, "15.15.15.2", pids);
    awaitPing(mode);
    return Optional.of(mode);
  }

  private Mode weft(String name, boolean secure, String driver) throws Exception {
    Path home = Files.createDirectories(directory.resolve(name.replaceAll("\\W+", "-")));
    ProcessCluster cluster =
        ProcessCluster.start(home, 2, secure, "wires: { driver: " + driver + " }");
    made.add(cluster);
    TestNetns one = pod("w1");
    TestNetns two = pod("w2");
    cluster.pod(1, "p1", one);
    cluster.pod(2, "p2", two);
    cluster.link(1, 1, "p1", "12.12.12.1/24", 2, "p2", "12.12.12.2/24", "");
    Mode mode =
        new Mode(
            name,
            one,
            two,
            "12.12.12.2",
            List.of(cluster.process(1).pid(), cluster.process(2).pid()));
    awaitPing(mode);
    return mode;
  }

  private static void awaitPing(Mode mode) {
    Awaitility.await(mode.name())
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(
            () -> {
              try (Netns netns = mode.from().open()) {
                return IcmpEcho.ping(
                        netns,
                        InetAddress.getByName(mode.address()),
                        56,
                        false,
                        Duration.ofMillis(500))
                    .isPresent();
              }
            });
  }

  private TestNetns pod(String label) {
    TestNetns netns = TestNetns.create(label);
    made.add(netns);
    return netns;
  }

  private static void veth(
      TestNetns one,
      String nameOne,
      String addressOne,
      TestNetns two,
      String nameTwo,
      String addressTwo,
      int mtu)
      throws Exception {
    try (Netns nsOne = one.open();
        Netlink inOne = Netlink.open(nsOne);
        Netns nsTwo = two.open();
        Netlink inTwo = Netlink.open(nsTwo)) {
      Link a =
          inOne.createVeth(
              new VethSpec(nameOne, mtu, "", true, false, new VethSpec.Peer(nsTwo, nameTwo, mtu)));
      inOne.addAddress(a.index(), Cidr.parse(addressOne));
      Link b = inTwo.require(nameTwo);
      inTwo.addAddress(b.index(), Cidr.parse(addressTwo));
      inTwo.setUp(b.index());
    }
  }

  /** User and system time of processes, in seconds (proc(5): fields 14 and 15, in 1/100 s). */
  private static double cpuSeconds(List<Long> pids) throws Exception {
    double ticks = 0;
    for (long pid : pids) {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }
    return ticks / 100;
  }
}

package dev.weft.bench;

import dev.weft.address.Cidr;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import dev.weft.linux.VxlanSpec;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** Makes the ways between two namespaces that are compared, each by its name. */
final class WireModes implements AutoCloseable {
  static final String VXLAN = "kernel VXLAN";

  private final Path directory;
  private final Pattern wanted;
  private final List<Mode> modes = new ArrayList<>();
  private final List<AutoCloseable> made = new ArrayList<>();

  /**
   * Two namespaces with a way between them.
   *
   * @param pids of the programs that carry frames; none where the kernel does
   */
  record Mode(String name, TestNetns from, TestNetns to, String address, List<Long> pids) {}

  private interface Maker {
    Mode make() throws Exception;
  }

  /**
   * @param directory for files of nodes
   * @param wanted names of modes; kernel VXLAN is always made
   */
  WireModes(Path directory, Pattern wanted) {
    this.directory = directory;
    this.wanted = wanted;
  }

  /**
   * Makes them.
   *
   * @param other a second JDK for some of the wires
   */
  List<Mode> make(Optional<Jdk> other) throws Exception {
    add("direct veth", this::direct);
    TestNetns hostOne = pod("h1");
    TestNetns hostTwo = pod("h2");
    modes.add(vxlan(hostOne, hostTwo));
    if (Files.isExecutable(Path.of("/usr/bin/nebula"))) {
      add("nebula (AES)", () -> nebula(hostOne, hostTwo));
    }
    for (boolean secure : List.of(false, true)) {
      String name = secure ? "weft, mutual TLS" : "weft, plain";
      weft(name, secure, "epoll", Jdk.OWN);
      weft(name + ", worker driver", secure, "worker", Jdk.OWN);
      if (other.isPresent()) {
        weft(name + ", JDK " + other.get().version(), secure, "epoll", other.get());
      }
    }
    return modes;
  }

  private void add(String name, Maker maker) throws Exception {
    if (wanted.matcher(name).matches()) {
      modes.add(maker.make());
    }
  }

  private void weft(String name, boolean secure, String driver, Jdk jdk) throws Exception {
    add(name, () -> makeWeft(name, secure, driver, jdk));
  }

  private Mode direct() throws Exception {
    TestNetns one = pod("b1");
    TestNetns two = pod("b2");
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
    return new Mode(VXLAN, podOne, podTwo, "14.14.14.2", List.of());
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

  /** Nebula with AES between the two hosts. */
  private Mode nebula(TestNetns hostOne, TestNetns hostTwo) throws Exception {
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
    return mode;
  }

  private Mode makeWeft(String name, boolean secure, String driver, Jdk jdk) throws Exception {
    Path home = Files.createDirectories(directory.resolve(name.replaceAll("\\W+", "-")));
    ProcessCluster cluster =
        ProcessCluster.startOn(jdk.home(), home, 2, secure, "wires: { driver: " + driver + " }");
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

  @Override
  public void close() throws Exception {
    for (int i = made.size() - 1; i >= 0; i--) {
      made.get(i).close();
    }
  }
}

package dev.weft.testkit;

import dev.weft.address.Cidr;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A router of a {@link NatLab}, with a network behind it whose addresses it translates. Hosts
 * behind it do not reach each other by their outside addresses (no hairpin). TCP passes outwards
 * with every kind.
 */
public final class NatRouter {
  private static final int FIRST_PORT = 20_000;
  private static final int PORTS = 1000;

  /** Which way packets go. */
  public enum Direction {
    IN,
    OUT
  }

  private final NatLab lab;
  private final NatKind kind;
  private final TestNetns netns;
  private final TestBridge inside;
  private final String outside;
  private final String prefix;
  private final List<NatLab.Host> hosts = new ArrayList<>();
  private int used = 1;
  private int restarts;

  private NatRouter(NatLab lab, NatKind kind, TestNetns netns, String outside, String prefix)
      throws IOException {
    this.lab = lab;
    this.kind = kind;
    this.netns = netns;
    this.outside = outside;
    this.prefix = prefix;
    this.inside = TestBridge.create(netns, "lan");
    inside.address(Cidr.parse(prefix + "1/24"));
  }

  /**
   * Makes one.
   *
   * @param upstream what its outside is joined to
   * @param outside its address there
   * @param gateway empty for none
   * @param prefix of the addresses behind it: the first three bytes and a dot
   */
  static NatRouter create(
      NatLab lab,
      NatKind kind,
      TestNetns netns,
      TestBridge upstream,
      String outside,
      String gateway,
      String prefix)
      throws IOException, InterruptedException {
    upstream.join("p" + outside.substring(outside.lastIndexOf('.')), netns, "wan", cidr(outside));
    if (!gateway.isEmpty()) {
      defaultRoute(netns, gateway);
    }
    NatRouter router = new NatRouter(lab, kind, netns, outside, prefix);
    netns.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    router.load();
    return router;
  }

  static Cidr cidr(String address) {
    return Cidr.parse(address + "/24");
  }

  /**
   * By {@code ip}: routes that look like Weft's own are removed by a node that does not know them.
   */
  private static void defaultRoute(TestNetns from, String gateway)
      throws IOException, InterruptedException {
    from.run("ip", "route", "add", "default", "via", gateway);
  }

  /** Another host behind it. Of a full cone's, only the first can be reached from outside. */
  public NatLab.Host host(String label) throws IOException, InterruptedException {
    TestNetns host = lab.netns(label);
    NatLab.Host made = new NatLab.Host(host, nextAddress());
    inside.join("p" + used, host, "eth0", cidr(made.address()));
    defaultRoute(host, prefix + "1");
    hosts.add(made);
    load();
    return made;
  }

  /** A router behind this one: double NAT. */
  public NatRouter router(NatKind inner) throws IOException, InterruptedException {
    String address = nextAddress();
    NatRouter router = lab.router(inner, inside, address, prefix + "1");
    hosts.add(new NatLab.Host(router.netns, address));
    load();
    return router;
  }

  private String nextAddress() {
    return prefix + ++used;
  }

  public NatKind kind() {
    return kind;
  }

  /** Its outside address. */
  public String outside() {
    return outside;
  }

  public TestNetns netns() {
    return netns;
  }

  /** How long a UDP mapping stays without a datagram, from now on; the kernel's: 30 and 120 s. */
  public void mappingTimeout(Duration timeout) throws IOException, InterruptedException {
    for (String name : List.of("udp_timeout", "udp_timeout_stream")) {
      netns.run("sysctl", "-qw", "net.netfilter.nf_conntrack_" + name + "=" + timeout.toSeconds());
    }
  }

  /**
   * As after a restart: all mappings are gone, also TCP's, and what port-restricted and symmetric
   * routers map from now on has other ports. With the other kinds the port is the inner one again.
   */
  public void restart() throws IOException, InterruptedException {
    restarts++;
    load();
    netns.run("conntrack", "-F");
  }

  /** Packets of all protocols are lost in this direction until {@link #mend}. */
  public void cut(Direction direction) throws IOException, InterruptedException {
    String device = direction == Direction.IN ? "iifname" : "oifname";
    netns.run("nft", "add rule ip lab cut " + device + " wan drop");
  }

  /** UDP from and to an outside address is lost until {@link #mend}. */
  public void block(String address) throws IOException, InterruptedException {
    netns.run("nft", "add rule ip lab cut ip saddr " + address + " meta l4proto udp drop");
    netns.run("nft", "add rule ip lab cut ip daddr " + address + " meta l4proto udp drop");
  }

  public void mend() throws IOException, InterruptedException {
    netns.run("nft", "flush chain ip lab cut");
  }

  private void load() throws IOException, InterruptedException {
    Path rules = Files.createTempFile("weft-nat", ".nft");
    try {
      Files.writeString(
          rules,
          """
          add table ip lab
          delete table ip lab
          table ip lab {
            set seen { type ipv4_addr; size 1024; flags dynamic; }
            chain in { type nat hook prerouting priority dstnat; %s; }
            chain out { type nat hook postrouting priority srcnat; %s; }
            chain self { type filter hook input priority 0; %s; }
            chain forward { type filter hook forward priority 0; %s; }
            chain cut { type filter hook forward priority -10; }
          }
          """
              .formatted(toInside(), toOutside(), toSelf(), forward()));
      netns.run("nft", "-f", rules.toString());
    } finally {
      Files.delete(rules);
    }
  }

  private String toInside() {
    if (hosts.isEmpty()) {
      return "";
    }
    String first = "meta l4proto udp dnat to " + hosts.get(0).address();
    return switch (kind) {
      case FULL_CONE -> "iifname wan " + first;
      case ADDRESS_RESTRICTED -> "iifname wan ip saddr @seen " + first;
      default -> "";
    };
  }

  private String toOutside() {
    return switch (kind) {
      case SYMMETRIC -> "oifname wan masquerade random,fully-random";
      case PORT_RESTRICTED ->
          restarts == 0 ? "oifname wan masquerade" : "oifname wan meta l4proto udp " + ports();
      default -> "oifname wan snat to " + outside;
    };
  }

  private String ports() {
    int first = FIRST_PORT + restarts * PORTS;
    return "masquerade to :%d-%d; oifname wan masquerade".formatted(first, first + PORTS - 1);
  }

  /**
   * Without it a datagram that comes too early would be this router's own, and its ports be taken
   * when the host behind sends: a cone would behave as if it were symmetric.
   */
  private String toSelf() {
    return kind == NatKind.FULL_CONE ? "" : "iifname wan meta l4proto udp drop";
  }

  private String forward() {
    return switch (kind) {
      case BLOCKED -> "meta l4proto udp drop";
      case ADDRESS_RESTRICTED -> "oifname wan meta l4proto udp update @seen { ip daddr }";
      default -> "";
    };
  }
}

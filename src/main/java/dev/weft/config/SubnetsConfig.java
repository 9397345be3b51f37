package dev.weft.config;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Node subnets, addresses and the overlay between nodes.
 *
 * @param cidr the cluster's range, without host bits
 * @param cidr6 IPv6 range beside an IPv4 one; empty for none
 * @param prefix length of a node's part, 1..16 bits longer than the range's
 * @param overlay name of the VXLAN device; empty for none
 * @param vni of the overlay, the same on every member
 * @param port UDP port of the overlay, the same on every member
 * @param fence whether the overlay takes packets from members and registered agents alone
 * @param egress how pods' packets leave for other networks
 * @param underlay the device that carries it; empty for the one that reaches the members
 * @param carrier what carries packets to other nodes
 * @param wireguardPort UDP port of the one WireGuard device; the other one has the next
 * @param leaseGrace how long an absent node keeps its part
 * @param runtime listener of {@code quilt.QuiltRuntime}, on 127.0.0.1
 */
public record SubnetsConfig(
    Cidr cidr,
    Optional<Cidr> cidr6,
    int prefix,
    Optional<String> overlay,
    int vni,
    int port,
    boolean fence,
    Egress egress,
    Optional<String> underlay,
    Carrier carrier,
    int wireguardPort,
    Duration leaseGrace,
    Optional<HostPort> runtime,
    OnStop onStop) {

  /** What becomes of routes, the overlay and pods' interfaces when the node stops. */
  public enum OnStop {
    KEEP,
    REMOVE
  }

  /** How pods' packets leave for networks outside of the ranges. */
  public enum Egress {
    /** With the address of their node. */
    MASQUERADE,
    /** With their own address. */
    NONE
  }

  /** What carries packets between pods of different nodes. */
  public enum Carrier {
    /** The best that is encrypted and that both nodes have, else VXLAN. */
    AUTO,
    /** VXLAN where it reaches, nodes' own connections elsewhere. */
    VXLAN,
    /** Nodes' own encrypted connections and nothing else. */
    MESH,
    /** The kernel's WireGuard where both nodes have it, else their own encrypted connections. */
    WIREGUARD
  }

  // IFNAMSIZ: 16 bytes with the NUL. The kernel has other settings named all and default.
  private static final Pattern DEVICE =
      Pattern.compile("(?!(all|default)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,14}");
  private static final int MAX_PARTS_BITS = 16;
  private static final int IPV6_BITS = 128;

  private static final Kind<Cidr> RANGE =
      new Kind<>(
          "a network without host bits, as in 10.42.0.0/16",
          t -> Cidr.find(t).filter(SubnetsConfig::isRange));
  private static final Kind<Cidr> RANGE6 =
      new Kind<>(
          "an IPv6 network of unicast addresses, 16 to 120 bits, as in fd42::/48",
          t -> Cidr.find(t).filter(SubnetsConfig::isSecond));
  private static final Kind<String> INTERFACE =
      new Kind<>(
          "1 to 15 letters, digits, '.', '_' or '-', not all or default",
          t -> Optional.of(t).filter(name -> DEVICE.matcher(name).matches()));
  private static final Kind<HostPort> LOCAL =
      new Kind<>(
          "127.0.0.1:PORT", t -> HostPort.parse(t, -1).filter(at -> at.host().equals("127.0.0.1")));

  static SubnetsConfig read(Section s) {
    SubnetsConfig subnets =
        new SubnetsConfig(
            s.read("cidr", "10.42.0.0/16", RANGE),
            s.read("cidr6", "", RANGE6.orNone()),
            s.read("prefix", "24", Kind.integer(1, 126)),
            s.read("overlay", "vxlan100", INTERFACE.orNone()),
            s.read("vni", "100", Kind.integer(1, 0xffffff)),
            s.read("port", "4789", Kind.integer(1, 0xffff)),
            s.read("fence", "true", Kind.BOOLEAN),
            s.read("egress", "masquerade", Kind.choice(Egress.class)),
            s.read("underlay", "", INTERFACE.orNone()),
            s.read("carrier", "vxlan", Kind.choice(Carrier.class)),
            wireguardPort(s.section("wireguard")),
            s.read(
                "lease-grace", "24h", Kind.duration(Duration.ofMinutes(1), Duration.ofDays(365))),
            s.read("runtime", "127.0.0.1:50051", LOCAL.orNone()),
            s.read("on-stop", "keep", Kind.choice(OnStop.class)));
    subnets.checkPrefix(s);
    subnets.checkSecond(s);
    subnets.checkPorts(s);
    s.end();
    return subnets;
  }

  private void checkPrefix(Section s) {
    int length = cidr.prefixLength();
    int most = Math.min(length + MAX_PARTS_BITS, cidr.bits() - 2);
    if (prefix <= length || prefix > most) {
      s.problem("prefix", Integer.toString(prefix), (length + 1) + ".." + most + " in " + cidr);
    }
  }

  private static int wireguardPort(Section s) {
    int port = s.read("port", "51820", Kind.integer(1, 0xfffe));
    s.end();
    return port;
  }

  private void checkPorts(Section s) {
    if (port == wireguardPort || port == wireguardPort + 1) {
      s.problem(
          "port",
          Integer.toString(port),
          "another than wireguard.port %d and the next one".formatted(wireguardPort));
    }
  }

  private static boolean isSecond(Cidr range) {
    InetAddress first = range.address();
    return range.bits() == IPV6_BITS
        && range.isNetwork()
        && range.prefixLength() >= 16
        && range.prefixLength() <= 120
        && !first.isMulticastAddress()
        && !first.isLinkLocalAddress()
        && first.getAddress()[0] != 0;
  }

  /** Each address of the one range has one of the other beside it. */
  private void checkSecond(Section s) {
    int host = IPV6_BITS - cidr.bits();
    cidr6
        .filter(six -> host == 0 || six.prefixLength() > host + cidr.prefixLength())
        .ifPresent(
            six ->
                s.problem(
                    "cidr6",
                    six.toString(),
                    host == 0
                        ? "none beside the IPv6 range cidr " + cidr
                        : "at most %d bits, for as many addresses as cidr %s has"
                            .formatted(host + cidr.prefixLength(), cidr)));
  }

  /** The ranges of all pods' addresses. */
  public List<Cidr> ranges() {
    List<Cidr> ranges = new ArrayList<>(List.of(cidr));
    cidr6.ifPresent(ranges::add);
    return ranges;
  }

  /** Room for two parts, each with room for two hosts. */
  private static boolean isRange(Cidr range) {
    return range.isNetwork()
        && range.prefixLength() >= 1
        && range.prefixLength() <= range.bits() - 3;
  }
}

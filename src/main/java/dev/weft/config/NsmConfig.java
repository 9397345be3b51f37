package dev.weft.config;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Network services.
 *
 * @param sockets directory of the sockets
 * @param cidr IPv4 network, 8..28 bits, from which connections get their addresses
 * @param cidr6 IPv6 network with as many blocks, from which they get addresses besides; if wanted
 * @param clientUids users besides root who may ask and advertise
 * @param allow per service the users (numbers) and pods ({@code ns/name}) that may advertise it,
 *     and the prefixes into which it may route; without either of them, whoever may use the socket,
 *     and wherever
 * @param tunnels to other nodes, best first
 * @param heal how long a connection that lost its endpoint waits for another one
 * @param probe how often each path is probed; zero for never
 * @param externals NSMs outside the cluster
 * @param chains per service that is a chain of others: those, in order
 */
public record NsmConfig(
    Path sockets,
    Cidr cidr,
    Optional<Cidr> cidr6,
    List<Integer> clientUids,
    Map<String, List<String>> allow,
    List<Tunnel> tunnels,
    Duration heal,
    Duration probe,
    List<External> externals,
    Map<String, List<String>> chains) {

  /** What carries frames to an endpoint on another node. */
  public enum Tunnel {
    /** A wire over gRPC: encrypted, full MTU. */
    DEFAULT,
    /** A kernel VXLAN: not encrypted, smaller MTU, less CPU. */
    VXLAN
  }

  /**
   * NSMs outside the cluster with which a service is shared.
   *
   * @param service the service that this node asks them for, or that they may ask for
   * @param address where this node asks; empty if they ask this node
   * @param ca the CA that vouches for them, PEM
   */
  public record External(String service, Optional<HostPort> address, Path ca) {
    private static final int PORT = 51112;

    static Optional<External> read(Section s) {
      Optional<String> service = s.required("service", SERVICE);
      Optional<HostPort> address = s.read("address", "", Kind.peer(PORT).orNone());
      Optional<Path> ca = s.required("ca", Kind.PATH);
      s.end();
      return service.isPresent() && ca.isPresent()
          ? Optional.of(new External(service.get(), address, ca.get()))
          : Optional.empty();
    }
  }

  /** Names of services and of their providers, in the file as on the sockets. */
  public static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?");

  private static final Kind<String> SERVICE =
      new Kind<>(
          "a service: 1 to 253 letters, digits, '.', '_' or '-'",
          t -> Optional.of(t).filter(s -> NAME.matcher(s).matches()));

  private static final Kind<Cidr> CIDR =
      new Kind<>(
          "an IPv4 network of 8 to 28 bits as in 10.44.0.0/16",
          text -> Cidr.find(text).filter(NsmConfig::isPool));

  private static final Kind<Cidr> CIDR6 =
      new Kind<>(
          "an IPv6 network of unicast addresses, 16 to 112 bits, as in fd44::/64",
          text -> Cidr.find(text).filter(NsmConfig::isPool6));

  private static final Kind<Duration> PROBE =
      new Kind<>(
          "0s, or a duration from 200ms to 1m",
          t ->
              Quantity.duration(t)
                  .filter(
                      d ->
                          d.isZero()
                              || (d.toMillis() >= 200 && d.compareTo(Duration.ofMinutes(1)) <= 0)));

  private static final Kind<String> ALLOWED =
      new Kind<>(
          "a user number, a pod as ns/name, or a prefix as in 10.60.0.0/16",
          text ->
              Optional.of(text)
                  .filter(t -> t.matches("[0-9]{1,9}|[a-z0-9.-]+/[a-z0-9.-]+|[0-9a-f:]+/[0-9]+"))
                  .filter(t -> t.indexOf(':') < 0 || Cidr.find(t).isPresent())
                  .filter(t -> Cidr.find(t).map(Cidr::isNetwork).orElse(true)));

  static NsmConfig read(Section s) {
    NsmConfig nsm =
        new NsmConfig(
            s.read("sockets", "/var/lib/networkservicemesh", Kind.PATH),
            s.read("cidr", "10.44.0.0/16", CIDR),
            s.read("cidr6", "", CIDR6.orNone()),
            s.list("client-uids", Kind.integer(0, 999_999_999)),
            s.lists("allow", ALLOWED),
            s.list("tunnels", Kind.choice(Tunnel.class)),
            s.read("heal", "10s", Kind.duration(Duration.ZERO, Duration.ofHours(1))),
            s.read("probe", "1s", PROBE),
            s.sections("externals", External::read),
            s.lists("chains", SERVICE));
    s.end();
    return nsm.tunnels().isEmpty() ? nsm.withTunnels(List.of(Tunnel.values())) : nsm;
  }

  /** The users and pods that may advertise a service; none where all may. */
  public List<String> advertisers(String service) {
    return allow.getOrDefault(service, List.of()).stream()
        .filter(text -> Cidr.find(text).isEmpty())
        .toList();
  }

  /** The prefixes into which a service may route; none where it may everywhere. */
  public List<Cidr> routes(String service) {
    return allow.getOrDefault(service, List.of()).stream()
        .flatMap(text -> Cidr.find(text).stream())
        .toList();
  }

  private NsmConfig withTunnels(List<Tunnel> all) {
    return new NsmConfig(
        sockets, cidr, cidr6, clientUids, allow, all, heal, probe, externals, chains);
  }

  private static boolean isPool6(Cidr cidr) {
    boolean unicast =
        !cidr.address().isMulticastAddress()
            && !cidr.address().isLinkLocalAddress()
            && (cidr.address().getAddress()[0] & 0xff) != 0;
    return cidr.bits() == 128
        && cidr.isNetwork()
        && unicast
        && cidr.prefixLength() >= 16
        && cidr.prefixLength() <= 112;
  }

  private static boolean isPool(Cidr cidr) {
    return cidr.address() instanceof Inet4Address
        && cidr.isNetwork()
        && cidr.prefixLength() >= 8
        && cidr.prefixLength() <= 28;
  }
}

package dev.weft.nsm.endpoint;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.config.NsmConfig;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which destinations an endpoint may have its clients reach through it. A route that is wider than
 * what is forbidden may pass: what is narrower, such as the connections' own blocks, comes first.
 */
public final class RouteLimits {
  private static final int MAX_ROUTES = 64;

  /** This host, link-local, multicast and reserved (RFC 6890). */
  private static final List<Cidr> NEVER =
      Stream.of(
              "0.0.0.0/8",
              "127.0.0.0/8",
              "169.254.0.0/16",
              "224.0.0.0/4",
              "240.0.0.0/4",
              "::/8",
              "fe80::/10",
              "ff00::/8")
          .map(Cidr::parse)
          .toList();

  private final NsmConfig config;
  private final List<Cidr> forbidden;

  /**
   * @param subnets the ranges of the nodes' subnets: the mesh's own, as is {@code nsm.cidr}
   */
  public RouteLimits(NsmConfig config, List<Cidr> subnets) {
    this.config = config;
    this.forbidden =
        Stream.of(
                NEVER.stream(), Stream.of(config.cidr()), config.cidr6().stream(), subnets.stream())
            .flatMap(ranges -> ranges)
            .toList();
  }

  /**
   * The routes as Weft writes them, if each is one to allow; INVALID or DENIED names the first that
   * is not.
   */
  public List<String> check(String service, List<String> routes) {
    if (routes.size() > MAX_ROUTES) {
      throw Fault.invalid("route", routes.size() + " routes", "at most " + MAX_ROUTES);
    }
    List<Cidr> allowed = config.routes(service);
    for (String text : routes) {
      Cidr route =
          Cidr.find(text)
              .filter(Cidr::isNetwork)
              .orElseThrow(
                  () ->
                      Fault.invalid("route", text, "a prefix as in 10.60.0.0/16 or 2001:db8::/32"));
      Optional<Cidr> within = forbidden.stream().filter(f -> f.contains(route)).findFirst();
      if (within.isPresent()) {
        throw Fault.DENIED.because(
            "route: " + text + " (expected: none in " + within.get() + ", which no service has)");
      }
      if (!allowed.isEmpty() && allowed.stream().noneMatch(a -> a.contains(route))) {
        throw Fault.DENIED.because(
            "route: %s (expected: one in %s, as nsm.allow says of service %s)"
                .formatted(text, allowed, service));
      }
    }
    return routes.stream().map(route -> Cidr.parse(route).toString()).toList();
  }
}

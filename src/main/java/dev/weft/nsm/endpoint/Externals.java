package dev.weft.nsm.endpoint;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.NsmConfig;
import dev.weft.dial.ExternalWay;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.NsmVerticle;
import dev.weft.nsm.connection.Connection;
import dev.weft.rpc.Caller;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Nodes of other meshes: which can be reached, what they offer and what they may request. */
public final class Externals {
  /** Stands in place of the provider's namespace; no provider's namespace may begin with ~. */
  private static final String NAMESPACE = "~external";

  /** A node is away after this time without a call; it renews its leases every 5 s. */
  private static final Duration HERE = Duration.ofSeconds(15);

  private final List<NsmConfig.External> config;
  private final ExternalWay dial;
  private final Health health;
  private final Clock clock;
  private final Map<Way, ExternalWay.Met> met = new HashMap<>();
  private final Map<Way, String> unmet = new HashMap<>();
  private final Map<String, Instant> heard = new HashMap<>();
  private Runnable listener = () -> {};

  private record Way(HostPort address, Path ca) {}

  public Externals(List<NsmConfig.External> config, ExternalWay dial, Health health, Clock clock) {
    this.config = config;
    this.dial = dial;
    this.health = health;
    this.clock = clock;
  }

  public static boolean provides(Endpoint endpoint) {
    return endpoint.namespace().equals(NAMESPACE);
  }

  public void onChange(Runnable told) {
    listener = told;
  }

  /** The services of the nodes of other meshes that can be reached now. */
  public List<Endpoint> offers() {
    List<Endpoint> offers = new ArrayList<>();
    for (NsmConfig.External external : config) {
      ExternalWay.Met there = external.address().map(at -> met.get(way(external))).orElse(null);
      if (there != null) {
        offers.add(
            new Endpoint(
                there.node(),
                NAMESPACE,
                external.address().get().toString(),
                external.service(),
                List.of()));
      }
    }
    return offers;
  }

  /** Tries to reach the nodes of other meshes that are not connected. */
  public Future<Void> review() {
    heard.values().removeIf(at -> at.plus(HERE).isBefore(clock.instant()));
    List<Future<?>> looks = new ArrayList<>();
    config.stream()
        .filter(e -> e.address().isPresent())
        .map(Externals::way)
        .distinct()
        .filter(way -> !met.containsKey(way))
        .forEach(way -> looks.add(meet(way)));
    return Future.join(looks).transform(done -> Future.succeededFuture());
  }

  private Future<?> meet(Way way) {
    return dial.meet(way.address(), way.ca())
        .onSuccess(
            there -> {
              met.put(way, there);
              unmet.remove(way);
              there
                  .connection()
                  .lost()
                  .onComplete(
                      v -> {
                        if (met.remove(way, there)) {
                          listener.run();
                        }
                      });
              report();
              listener.run();
            })
        .onFailure(
            e -> {
              unmet.put(way, WeftException.of(e).getMessage());
              report();
            });
  }

  private void report() {
    health.show(
        !unmet.isEmpty(),
        new Health.Warning(
            NsmVerticle.ROOM,
            "externals",
            unmet.values().stream().sorted().collect(Collectors.joining("; ")),
            "requests for services that nsm.externals has at that address",
            "check that the node there runs, serves grpc.external, and names this mesh's CA in its"
                + " own nsm.externals"));
  }

  /** DENIED unless the service is shared with the CA that signed the caller's certificate. */
  public void checkMayAsk(Caller caller, String service) {
    boolean shared =
        config.stream()
            .filter(e -> e.address().isEmpty() && caller.authorities().contains(e.ca()))
            .anyMatch(e -> e.service().equals(service));
    if (!shared) {
      throw Fault.DENIED.because(
          "service " + service + " is not for " + caller + " (expected: one of nsm.externals)");
    }
  }

  /** The port where nodes of other meshes can call this node; 0 for none. */
  public int servePort() {
    return dial.port();
  }

  /** Notes that a node of another mesh called. */
  public void heard(Caller caller) {
    if (caller.external()) {
      heard.put(caller.node(), clock.instant());
    }
  }

  /** Whether a node of another mesh called lately. */
  public boolean isHere(String node) {
    Instant at = heard.get(node);
    return at != null && !at.plus(HERE).isBefore(clock.instant());
  }

  /** Tells dial where the other node of a connection is, if that node is of another mesh. */
  public void remember(Connection c, String self) {
    if (c.link().carrier() == Mechanism.WIRE && c.link().there() != null) {
      dial.know(
          c.clientAt(self) ? c.endpoint().node() : c.client().node(),
          HostPort.parse(c.link().there(), -1).orElseThrow());
    }
  }

  private static Way way(NsmConfig.External external) {
    return new Way(external.address().orElseThrow(), external.ca());
  }
}

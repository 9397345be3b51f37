package dev.weft.reach.stun;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toSet;

import dev.weft.reach.Nat;
import dev.weft.reach.NatBehaviour;
import dev.weft.reach.RouterMapping;
import dev.weft.reach.Timers;
import dev.weft.reach.UdpPort;
import dev.weft.reach.stun.NatFindings.Sighting;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers STUN on the node's UDP port, and keeps knowing where others see it. All is found out
 * again when servers or this host's addresses change, when a server sees another address than
 * before, and every half hour.
 */
public final class NatWatch implements Nat {
  /**
   * What it has to know.
   *
   * @param members the UDP ports of other members, this node's not; any thread, at once
   * @param servers whom to ask, the best first, members among them; whenever it checks
   * @param own the addresses of this host; likewise
   * @param mappings what routers have granted; any thread, at once
   * @param unmapped why they have granted nothing; likewise
   */
  public record Surroundings(
      Supplier<List<InetSocketAddress>> members,
      Supplier<Future<List<InetSocketAddress>>> servers,
      Supplier<Future<Set<InetAddress>>> own,
      Supplier<List<RouterMapping>> mappings,
      Supplier<String> unmapped) {}

  /**
   * How somebody sees the node's port.
   *
   * @param seen empty if he does not answer
   */
  public record SeenBy(InetSocketAddress server, Optional<InetSocketAddress> seen) {}

  /** What listeners have heard of. */
  private record Told(
      List<InetSocketAddress> addresses, NatBehaviour behaviour, List<RouterMapping> mappings) {}

  /** What decides whether all has to be found out again. */
  private record Basis(List<InetSocketAddress> servers, Set<InetAddress> own) {}

  private static final Logger log = LoggerFactory.getLogger(NatWatch.class);
  private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long FIRST_CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(30);

  /** Servers that are asked on each fourth check whether they see the same as before. */
  private static final int WATCHED = 2;

  private static final int WATCH_EVERY = 4;

  private final Vertx vertx;
  private final Loop loop;
  private final Surroundings around;
  private final Timers timers;
  private final StunClient client;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  private final AtomicReference<Told> told = new AtomicReference<>();

  private volatile NatFindings findings = NatFindings.NONE;
  private volatile NatBehaviour.Lifetime lifetime = NatBehaviour.Lifetime.UNKNOWN;

  /** Null until {@link #watch}. */
  private volatile UdpPort port;

  private volatile Optional<StunPort> stun = Optional.empty();

  // On the loop.
  private Optional<PortSockets> sockets = Optional.empty();
  private Basis basis = new Basis(List.of(), Set.of());
  private long foundAt;
  private int checks;
  private boolean closed;

  private long measuredAt;

  /** Counts them: what an older one finds is of no use. */
  private int measurements;

  /**
   * @param loop from which is asked, epoll's
   */
  public NatWatch(Vertx vertx, Loop loop, Surroundings around) {
    this.vertx = vertx;
    this.loop = loop;
    this.around = around;
    this.timers = Timers.of(loop.netty());
    this.client = new StunClient(timers, new SecureRandom());
    this.measuredAt = timers.nanos() - AGAIN_NANOS;
  }

  /** Answers at the port from now on, and asks others how they see it. */
  public void watch(UdpPort opened) {
    port = opened;
    loop.run(
        () -> {
          if (closed) {
            return;
          }
          PortSockets beside = new PortSockets(loop, opened, client);
          sockets = Optional.of(beside);
          var unused =
              StunPort.open(loop, beside, client, around.members(), timers)
                  .onSuccess(
                      answering -> {
                        stun = Optional.of(answering);
                        opened.add(answering);
                        if (!opened.address().getAddress().isLoopbackAddress()) {
                          later(FIRST_CHECK_NANOS);
                        }
                      });
        });
  }

  private void later(long nanos) {
    var unused = timers.after(nanos, () -> loop.run(this::check));
  }

  private void check() {
    if (closed) {
      return;
    }
    Future<List<InetSocketAddress>> servers = around.servers().get();
    Future<Set<InetAddress>> own = around.own().get();
    var unused =
        Loop.home(vertx, Future.all(servers, own))
            .map(
                known ->
                    new Basis(
                        servers.result().stream().limit(NatDiscovery.MOST_SERVERS).toList(),
                        own.result()))
            .compose(this::check)
            .onFailure(e -> log.debug("The NAT was not looked at: {}", e.getMessage()))
            .onComplete(done -> later(CHECK_NANOS));
  }

  private Future<Void> check(Basis now) {
    if (closed) {
      return Future.succeededFuture();
    }
    checks++;
    boolean due = timers.nanos() - foundAt > AGAIN_NANOS && !now.servers().isEmpty();
    if (due || !now.equals(basis)) {
      return findOut(now);
    }
    if (checks % WATCH_EVERY != 0 || findings.sightings().isEmpty()) {
      return Future.succeededFuture();
    }
    List<Sighting> watched = findings.sightings().stream().limit(WATCHED).toList();
    return discovery()
        .sightings(watched.stream().map(Sighting::server).toList(), seen -> {})
        .compose(
            seen ->
                addresses(seen).equals(addresses(watched))
                    ? Future.succeededFuture()
                    : findOut(now));
  }

  private static List<InetSocketAddress> addresses(List<Sighting> sightings) {
    return sightings.stream().map(Sighting::mapped).toList();
  }

  private NatDiscovery discovery() {
    return new NatDiscovery(client, sockets.orElseThrow());
  }

  private Future<Void> findOut(Basis now) {
    List<Sighting> before = findings.sightings();
    boolean another = !now.equals(basis);
    List<Sighting> early = new ArrayList<>();
    return discovery()
        .discover(
            now.servers(),
            now.own()::contains,
            sighting -> {
              early.add(sighting);
              if (another) {
                // Others need the address before all is known of the NAT.
                found(new NatFindings(now.servers(), List.copyOf(early), findings.behaviour()));
              }
            })
        .map(
            found -> {
              boolean moved = !addresses(before).equals(addresses(found.sightings()));
              boolean otherHost = !now.own().equals(basis.own());
              basis = now;
              foundAt = timers.nanos();
              found(found);
              log.debug("NAT: {}", found.behaviour());
              if (moved || otherHost || foundAt - measuredAt > AGAIN_NANOS) {
                measure(found, now);
              }
              return null;
            });
  }

  private void found(NatFindings next) {
    findings = next;
    changed();
  }

  private void measure(NatFindings found, Basis now) {
    measuredAt = timers.nanos();
    int mine = ++measurements;
    lifetime = NatBehaviour.Lifetime.UNKNOWN;
    NatDiscovery.helper(NatDiscovery.ofIpv4(found.sightings()), now.own()::contains)
        .ifPresent(
            by -> {
              var unused =
                  new LifetimeProbe(client, sockets.orElseThrow(), timers)
                      .run(by, measured -> take(mine, measured));
            });
  }

  private void take(int of, NatBehaviour.Lifetime measured) {
    if (of == measurements && !measured.equals(lifetime)) {
      lifetime = measured;
      changed();
    }
  }

  private void changed() {
    Told now = new Told(publicAddresses(), behaviour(), routerMappings());
    if (!now.equals(told.getAndSet(now))) {
      listeners.forEach(Runnable::run);
    }
  }

  /** The node's port; empty before it is open. Any thread. */
  public Optional<InetSocketAddress> port() {
    return Optional.ofNullable(port).map(UdpPort::address);
  }

  /** How many questions of others were answered, refused, or over the limit, by these words. */
  public Map<String, LongSupplier> answers() {
    return Map.of(
        "answered", () -> count(StunResponder.Counters::answered),
        "refused", () -> count(StunResponder.Counters::refused),
        "limited", () -> count(StunResponder.Counters::limited));
  }

  private long count(ToLongFunction<StunResponder.Counters> which) {
    return stun.map(StunPort::counters).map(which::applyAsLong).orElse(0L);
  }

  /** Why no router maps the port. */
  public String unmapped() {
    return around.unmapped().get();
  }

  /** Every server that was asked, and what it sees. Any thread. */
  public List<SeenBy> seenBy() {
    NatFindings now = findings;
    Map<InetSocketAddress, List<Sighting>> sightings =
        now.sightings().stream().collect(groupingBy(Sighting::server));
    return now.asked().stream()
        .map(
            server ->
                new SeenBy(
                    server,
                    sightings.getOrDefault(server, List.of()).stream()
                        .map(Sighting::mapped)
                        .findFirst()))
        .toList();
  }

  @Override
  public List<InetSocketAddress> publicAddresses() {
    Map<InetSocketAddress, Long> seen =
        findings.sightings().stream().collect(groupingBy(Sighting::mapped, counting()));
    Set<InetAddress> seenAddresses =
        seen.keySet().stream().map(InetSocketAddress::getAddress).collect(toSet());
    // A router whose outside address nobody sees is behind another NAT.
    Map<Boolean, List<InetSocketAddress>> mapped =
        routerMappings().stream()
            .map(RouterMapping::external)
            .collect(partitioningBy(at -> seenAddresses.contains(at.getAddress())));
    Stream<InetSocketAddress> mostSeen =
        seen.entrySet().stream()
            .sorted(Map.Entry.<InetSocketAddress, Long>comparingByValue().reversed())
            .map(Map.Entry::getKey);
    return Stream.of(mapped.get(true).stream(), mostSeen, mapped.get(false).stream())
        .flatMap(Function.identity())
        .distinct()
        .toList();
  }

  @Override
  public NatBehaviour behaviour() {
    NatBehaviour b = findings.behaviour();
    return new NatBehaviour(b.udp(), b.ipv6(), b.mapping(), b.filtering(), b.hairpin(), lifetime);
  }

  @Override
  public List<RouterMapping> routerMappings() {
    return around.mappings().get();
  }

  @Override
  public Duration keepalive() {
    Duration third = lifetime.alive().orElse(Duration.ZERO).dividedBy(3);
    Duration atLeast = third.compareTo(SHORTEST_KEEPALIVE) < 0 ? SHORTEST_KEEPALIVE : third;
    return atLeast.compareTo(LONGEST_KEEPALIVE) > 0 ? LONGEST_KEEPALIVE : atLeast;
  }

  @Override
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** The routers' mappings have changed; on any thread. */
  public void routerChanged() {
    changed();
  }

  /** Asks and answers no more; the port itself stays. */
  public Future<Void> close() {
    return loop.call(
        () -> {
          closed = true;
          measurements++;
          stun.ifPresent(StunPort::close);
          client.close();
          return Future.succeededFuture();
        });
  }
}

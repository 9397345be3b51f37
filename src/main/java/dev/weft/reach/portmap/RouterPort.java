package dev.weft.reach.portmap;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.reach.RouterMapping;
import dev.weft.reach.Timers;
import dev.weft.reach.UdpPort;
import dev.weft.reach.UdpProbeSocket;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the router of the default route map the node's UDP port, whichever router that is at the
 * moment. A node whose own address is public asks none.
 */
public final class RouterPort {
  private static final Logger log = LoggerFactory.getLogger(RouterPort.class);
  private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(15);

  /**
   * Whom to ask for what.
   *
   * @param reason why nobody; empty if somebody
   */
  private record Plan(Optional<PortMapper.Wanted> wanted, String reason) {
    static Plan nobody(String reason) {
      return new Plan(Optional.empty(), reason);
    }
  }

  private final Vertx vertx;
  private final Loop loop;
  private final UdpPort port;
  private final Timers timers;
  private final Runnable changed;

  private volatile Optional<PortMapper> mapper = Optional.empty();
  private volatile String reason = "the router was not asked yet";

  // On the loop.
  private Optional<UdpProbeSocket> socket = Optional.empty();
  private boolean closed;

  /**
   * @param loop epoll's
   * @param changed runs, on the loop, after the mapping has changed
   */
  public RouterPort(Vertx vertx, Loop loop, UdpPort port, Runnable changed) {
    this.vertx = vertx;
    this.loop = loop;
    this.port = port;
    this.timers = Timers.of(loop.netty());
    this.changed = changed;
  }

  /** Begins, and follows changes of the route. */
  public void start() {
    loop.run(this::check);
  }

  /** The mapping that stands. Any thread. */
  public List<RouterMapping> mappings() {
    return mapper.flatMap(PortMapper::mapping).stream().toList();
  }

  /** Why there is none. Any thread. */
  public String reason() {
    return mapper.map(PortMapper::reason).orElse(reason);
  }

  private void check() {
    if (closed) {
      return;
    }
    InetSocketAddress own = port.address();
    var unused =
        vertx
            .executeBlocking(() -> plan(own), false)
            .compose(plan -> loop.call(() -> ask(plan)))
            .onFailure(e -> log.debug("The router was not asked: {}", e.getMessage()))
            .onComplete(done -> timers.after(CHECK_NANOS, () -> loop.run(this::check)));
  }

  private static Plan plan(InetSocketAddress own) throws LinuxException {
    try (Netlink netlink = Netlink.open()) {
      Optional<Inet4Address> router =
          netlink.routes().stream()
              .filter(r -> r.destination().prefixLength() == 0)
              .sorted(Comparator.comparingInt(Route::metric))
              .flatMap(r -> r.gateway().stream())
              .filter(Inet4Address.class::isInstance)
              .map(Inet4Address.class::cast)
              .findFirst();
      if (router.isEmpty()) {
        return Plan.nobody("there is no default route over IPv4");
      }
      Optional<InetAddress> client =
          own.getAddress().isAnyLocalAddress()
              ? netlink.routeTo(router.get()).flatMap(Route::source)
              : Optional.of(own.getAddress());
      return client
          .filter(Inet4Address.class::isInstance)
          .map(Inet4Address.class::cast)
          .filter(RouterPort::isPrivate)
          .map(address -> new PortMapper.Wanted(router.get(), address, own.getPort()))
          .map(wanted -> new Plan(Optional.of(wanted), ""))
          .orElse(Plan.nobody("this host's address is not one of a private network"));
    }
  }

  /** RFC 1918, and what providers have before their own NAT (RFC 6598). */
  private static boolean isPrivate(Inet4Address address) {
    byte[] bytes = address.getAddress();
    boolean providers = bytes[0] == 100 && (bytes[1] & 0xC0) == 64;
    return address.isSiteLocalAddress() || providers;
  }

  private Future<Void> ask(Plan plan) {
    reason = plan.reason();
    if (closed || mapper.map(PortMapper::wanted).equals(plan.wanted())) {
      return Future.succeededFuture();
    }
    boolean had = mapper.flatMap(PortMapper::mapping).isPresent();
    end();
    if (had) {
      changed.run();
    }
    return plan.wanted().map(this::begin).orElse(Future.succeededFuture());
  }

  private Future<Void> begin(PortMapper.Wanted wanted) {
    return UdpProbeSocket.open(
            loop,
            new InetSocketAddress(wanted.client(), 0),
            (at, from, datagram) -> mapper.ifPresent(m -> m.arrived(from, datagram)))
        .map(
            opened -> {
              socket = Optional.of(opened);
              PortMapper asking =
                  new PortMapper(wanted, opened, timers, new SecureRandom(), changed);
              mapper = Optional.of(asking);
              asking.start();
              return null;
            });
  }

  private void end() {
    mapper.ifPresent(PortMapper::close);
    mapper = Optional.empty();
    socket.ifPresent(UdpProbeSocket::close);
    socket = Optional.empty();
  }

  /** Releases the mapping. */
  public Future<Void> close() {
    return loop.call(
        () -> {
          closed = true;
          end();
          return Future.succeededFuture();
        });
  }
}

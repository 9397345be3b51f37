package dev.weft.mesh.link.kind;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.reach.UdpPort;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Links over QUIC. They are dialled from the port of the first address that is listened on, and
 * from any free one without such; nothing of QUIC is loaded before.
 */
public final class UdpKind implements LinkKind {
  private static final Logger log = LoggerFactory.getLogger(UdpKind.class);
  private static final String SCHEME = "udp";

  /** The application protocol (ALPN) of a link. */
  private static final String PROTOCOL = "weft.link/1";

  private final Vertx vertx;
  private final List<Loop> loops;
  private final Identity identity;

  /** All ports so far, closed ones too, for what they have counted. */
  private final List<UdpPort> ports = new CopyOnWriteArrayList<>();

  private Future<UdpPort> dialling;
  private final Promise<UdpPort> own = Promise.promise();

  /**
   * @param loops on which links live, epoll's; each gets a socket of every port
   * @param identity what is shown to the other end, and what is asked of it
   */
  public UdpKind(Vertx vertx, List<Loop> loops, Identity identity) {
    this.vertx = vertx;
    this.loops = List.copyOf(loops);
    this.identity = identity;
  }

  @Override
  public String scheme() {
    return SCHEME;
  }

  @Override
  public Map<String, LongSupplier> strays() {
    return Map.of(
        "udp_unknown", () -> sum(UdpPort.Counters::unknown),
        "udp_busy", () -> sum(UdpPort.Counters::overflown));
  }

  private long sum(ToLongFunction<UdpPort.Counters> count) {
    return ports.stream().map(UdpPort::counters).mapToLong(count).sum();
  }

  @Override
  public Future<Transport> dial(MeshConfig.Link link) {
    Optional<HostPort> to = link.to().hostPort().filter(at -> at.port() > 0);
    if (to.isEmpty()) {
      return Future.failedFuture(Fault.invalid("link", link.to(), "udp://host:port"));
    }
    Optional<NodeId> node = link.node().map(NodeId::new);
    Future<Transport> dialled =
        addresses(to.get())
            .compose(
                all -> port().compose(from -> dial(from, reachable(all, to.get(), from), node, 0)));
    return Loop.home(vertx, dialled);
  }

  /** Each address in turn, as long as nobody answers. */
  private Future<Transport> dial(
      UdpPort from, List<InetSocketAddress> addresses, Optional<NodeId> node, int i) {
    UdpTransport[] transport = new UdpTransport[1];
    return from.dial(
            addresses.get(i),
            node,
            (channel, loop) -> {
              transport[0] = new UdpTransport(channel, loop, identity);
              channel.pipeline().addLast(transport[0]);
            })
        .compose(connected -> transport[0].opened())
        .recover(
            e ->
                i + 1 < addresses.size() && WeftException.of(e).fault() == Fault.UNAVAILABLE
                    ? dial(from, addresses, node, i + 1)
                    : Future.failedFuture(e));
  }

  /** The port from which this node dials, once it is open; never for a node without udp links. */
  public Future<UdpPort> own() {
    return own.future();
  }

  /** The same; opened on any free port if there is none. */
  public synchronized Future<UdpPort> port() {
    if (dialling == null || dialling.failed()) {
      Future<UdpPort> both = open(new InetSocketAddress("::", 0), Optional.empty());
      // A host may have no IPv6.
      dialling = both.recover(e -> open(new InetSocketAddress("0.0.0.0", 0), Optional.empty()));
      dialling.onSuccess(own::tryComplete);
    }
    return dialling;
  }

  private Future<UdpPort> open(InetSocketAddress at, Optional<Consumer<Transport>> accepted) {
    return UdpPort.open(
            at,
            loops,
            identity,
            PROTOCOL,
            accepted.map(
                links ->
                    (channel, loop) -> {
                      UdpTransport transport = new UdpTransport(channel, loop, identity);
                      channel.pipeline().addLast(transport);
                      transport
                          .opened()
                          .onSuccess(links::accept)
                          .onFailure(e -> log.debug("A link did not open: {}", e.getMessage()));
                    }))
        .onSuccess(ports::add);
  }

  private Future<List<InetAddress>> addresses(HostPort at) {
    return vertx
        .executeBlocking(() -> List.of(InetAddress.getAllByName(at.host())), false)
        .recover(
            e ->
                Future.failedFuture(
                    e instanceof UnknownHostException
                        ? Fault.UNAVAILABLE.because(SCHEME + "://" + at + ": no such host", e)
                        : e));
  }

  private static List<InetSocketAddress> reachable(
      List<InetAddress> addresses, HostPort to, UdpPort from) {
    InetAddress own = from.address().getAddress();
    List<InetSocketAddress> reachable =
        addresses.stream()
            .filter(
                a ->
                    own instanceof Inet4Address
                        ? a instanceof Inet4Address
                        : own.isAnyLocalAddress() || !(a instanceof Inet4Address))
            .map(a -> new InetSocketAddress(a, to.port()))
            .toList();
    if (reachable.isEmpty()) {
      throw Fault.INVALID.because(
          SCHEME
              + "://"
              + to
              + ": "
              + addresses
              + " (expected: an address that udp://"
              + HostPort.of(from.address())
              + " can send to)");
    }
    return reachable;
  }

  @Override
  public Future<Listening> listen(String address, Consumer<Transport> accepted) {
    Optional<HostPort> at = HostPort.parse(address, -1);
    if (at.isEmpty()) {
      return Future.failedFuture(Fault.invalid("listen", address, "address:port"));
    }
    Future<UdpPort> opened =
        addresses(at.get())
            .compose(
                all ->
                    open(
                        new InetSocketAddress(all.get(0), at.get().port()), Optional.of(accepted)));
    synchronized (this) {
      dialling = dialling == null || dialling.failed() ? opened : dialling;
      dialling.onSuccess(own::tryComplete);
    }
    return Loop.home(vertx, opened.map(port -> new PortListening(this, port)));
  }

  private synchronized Future<Void> close(UdpPort port) {
    if (dialling != null && dialling.result() == port) {
      dialling = null;
    }
    return port.close("the node stops listening");
  }

  /** Closes the port from which links are dialled, if it is not one that is listened on. */
  @Override
  public synchronized Future<Void> close() {
    return dialling == null
        ? Future.succeededFuture()
        : dialling.compose(this::close, e -> Future.succeededFuture());
  }

  private record PortListening(UdpKind kind, UdpPort port) implements Listening {
    @Override
    public String address() {
      return SCHEME + "://" + HostPort.of(port.address());
    }

    @Override
    public Future<Void> close() {
      return kind.close(port);
    }
  }
}

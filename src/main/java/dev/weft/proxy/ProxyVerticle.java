package dev.weft.proxy;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.address.StreamAddress;
import dev.weft.bus.Fault;
import dev.weft.config.ProxyConfig;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.ProxyTransport;
import dev.weft.proxy.carrier.Remote;
import dev.weft.proxy.forward.ForwardProxy;
import dev.weft.proxy.forward.KnownNodes;
import dev.weft.proxy.reverse.ReverseProxy;
import dev.weft.proxy.track.BrokenStreams;
import dev.weft.proxy.track.TrackStore;
import dev.weft.proxy.track.TrackedRow;
import dev.weft.proxy.track.TrackedSide;
import dev.weft.proxy.track.Tracker;
import dev.weft.proxy.track.WantedConnection;
import dev.weft.room.RoomContext;
import dev.weft.rpc.Loop;
import dev.weft.rpc.socket.PipeTraffic;
import dev.weft.telemetry.Health;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The room: both proxies, and what their users want of them. All state is on one loop. */
public final class ProxyVerticle extends AbstractVerticle implements AppProxies {
  private static final String ROOM = "proxy";
  private static final String FORWARD = "forward";
  private static final String REVERSE = "reverse";
  private static final long AGAIN_MILLIS = 5000;
  private static final long COUNT_MILLIS = 1000;
  private static final long LONGEST_MILLIS = 600_000;

  private final RoomContext room;
  private final ProxyConfig config;
  private final Loop loop;
  private final KnownNodes nodes;
  private final ProxyStore store;
  private final ProxyMetrics metrics;
  private final Map<String, TrackedSide> sides;
  private final Map<String, PipeTraffic> traffic;
  private final StandingProxy<ForwardProxy.Settings, ForwardProxy> forward;
  private final StandingProxy<ReverseProxy.Settings, ReverseProxy> reverse;
  private Future<?> last = Future.succeededFuture();

  /**
   * @param loop of the clients' sockets, best that of the transports' pipes
   * @param transports the standard one among them
   */
  public ProxyVerticle(
      RoomContext room,
      ProxyConfig config,
      Loop loop,
      KnownNodes nodes,
      List<ProxyTransport> transports) {
    this.room = room;
    this.config = config;
    this.loop = loop;
    this.nodes = nodes;
    this.store = new ProxyStore(room.store());
    this.metrics = new ProxyMetrics(room.metrics().registry());
    this.sides = Map.of(FORWARD, side(FORWARD, transports), REVERSE, side(REVERSE, transports));
    this.traffic = Map.of(FORWARD, traffic(FORWARD), REVERSE, traffic(REVERSE));
    this.forward =
        new StandingProxy<>(
            new StandingProxy.Kind<>(
                FORWARD,
                this::startForward,
                (proxy, settings) -> false,
                proxy -> proxy.address().toString(),
                ForwardProxy::close),
            room.health(),
            room.bus()::publish);
    this.reverse =
        new StandingProxy<>(
            new StandingProxy.Kind<>(
                REVERSE,
                this::startReverse,
                ProxyVerticle::change,
                proxy -> proxy.settings().target().toString(),
                ReverseProxy::close),
            room.health(),
            room.bus()::publish);
  }

  private TrackedSide side(String name, List<ProxyTransport> transports) {
    Tracker tracker = new Tracker(name, new TrackStore(room.store(), name), room.bus()::publish);
    return new TrackedSide(
        name.equals(REVERSE), loop, transports, word(config.transport()), tracker);
  }

  private PipeTraffic traffic(String side) {
    BrokenStreams broken = new BrokenStreams(side, System::nanoTime, room.bus()::publish);
    PipeTraffic counted = new PipeTraffic(side + " proxy", System::nanoTime, broken::broken);
    metrics.show(side, counted);
    return counted;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public void start(Promise<Void> started) {
    room.health().state(ROOM, Health.State.STARTING);
    // On the verticle's own context again: what is served and timed there ends with it.
    Promise<Void> opened = Promise.promise();
    inOrder(() -> openTrackers().compose(v -> openProxies()))
        .onComplete(done -> context.runOnContext(v -> opened.handle(done)));
    opened
        .future()
        .compose(v -> room.bus().serve(AppProxies.class, this))
        .onSuccess(
            v -> {
              vertx.setPeriodic(
                  AGAIN_MILLIS,
                  id -> {
                    var unused = inOrder(() -> forward.again().compose(done -> reverse.again()));
                  });
              vertx.setPeriodic(COUNT_MILLIS, id -> loop.run(this::count));
              room.health().state(ROOM, Health.State.READY);
            })
        .onComplete(started);
  }

  private Future<Void> openTrackers() {
    return tracker(FORWARD)
        .open(configured(ProxyConfig.Side.FORWARD))
        .compose(v -> tracker(REVERSE).open(configured(ProxyConfig.Side.REVERSE)));
  }

  private Tracker tracker(String side) {
    return sides.get(side).tracker();
  }

  private List<WantedConnection> configured(ProxyConfig.Side side) {
    return config.connections().stream()
        .filter(connection -> connection.side() == side)
        .map(
            c ->
                new WantedConnection(
                    new Remote(c.to().canonical(), c.node().map(NodeId::new), c.nat(), c.timeout()),
                    word(c.transport().orElse(config.transport()))))
        .toList();
  }

  /** What is configured, else what calls have started. */
  private Future<Void> openProxies() {
    ProxyConfig.Forward own = config.forward();
    Future<Optional<ForwardProxy.Settings>> forwardWanted =
        own.token().isPresent() || own.tokenFile().isPresent()
            ? settings(null, null, null, null).map(Optional::of)
            : store
                .forward()
                .compose(
                    kept ->
                        kept.isEmpty()
                            ? Future.succeededFuture(Optional.empty())
                            : settings(
                                    kept.get().host(),
                                    kept.get().port(),
                                    kept.get().token(),
                                    kept.get().members())
                                .map(Optional::of));
    return forwardWanted
        .onFailure(e -> forward.cannot(e.getMessage()))
        .otherwise(Optional.empty())
        .compose(wanted -> wanted.map(forward::want).orElse(Future.succeededFuture()))
        .compose(v -> reverseWanted())
        .compose(wanted -> wanted.map(reverse::want).orElse(Future.succeededFuture()));
  }

  private Future<Optional<ReverseProxy.Settings>> reverseWanted() {
    ProxyConfig.Reverse own = config.reverse();
    return own.target().isPresent()
        ? Future.succeededFuture(own.target().map(to -> new ReverseProxy.Settings(to, own.allow())))
        : store
            .reverse()
            .map(
                kept ->
                    kept.flatMap(
                        k ->
                            StreamAddress.target(k.target())
                                .map(to -> new ReverseProxy.Settings(to, k.allow()))));
  }

  private void count() {
    sides.forEach((name, side) -> metrics.count(name, side.tracker()));
  }

  @Override
  public void stop(Promise<Void> stopped) {
    inOrder(() -> forward.stop().transform(done -> reverse.stop())).onComplete(stopped);
  }

  /** Begins a change on the loop once all earlier ones have ended. */
  private <T> Future<T> inOrder(Supplier<Future<T>> change) {
    return loop.call(
        () -> {
          Future<T> turn = last.transform(done -> loop.call(change));
          last = turn;
          return turn;
        });
  }

  // What is started.

  private Future<ForwardProxy> startForward(ForwardProxy.Settings settings) {
    ForwardProxy proxy =
        new ForwardProxy(
            vertx,
            loop,
            settings,
            sides.get(FORWARD),
            nodes,
            traffic.get(FORWARD),
            (status, why) -> metrics.answered(status),
            System::nanoTime,
            ForwardProxy.Patience.STANDARD);
    return proxy.open(config.forward().utp()).map(proxy);
  }

  private Future<ReverseProxy> startReverse(ReverseProxy.Settings settings) {
    ReverseProxy proxy =
        new ReverseProxy(vertx, loop, settings, sides.get(REVERSE), traffic.get(REVERSE));
    return proxy.open(config.reverse().utp()).map(proxy);
  }

  /** Its sockets stay, and what other nodes know of them. */
  private static boolean change(ReverseProxy proxy, ReverseProxy.Settings settings) {
    proxy.change(settings);
    return true;
  }

  /** What is wanted, and for the rest what the configuration says. */
  private Future<ForwardProxy.Settings> settings(
      String host, Integer port, String token, Boolean members) {
    ProxyConfig.Forward own = config.forward();
    HostPort listen =
        new HostPort(host == null ? own.host() : host, port == null ? own.port() : port);
    Future<Optional<String>> secret =
        token != null
            ? Future.succeededFuture(Optional.of(token))
            : own.tokenFile().isPresent()
                ? loop.call(() -> vertx.executeBlocking(() -> read(own.tokenFile().get()), false))
                : Future.succeededFuture(own.token());
    return secret.map(
        known ->
            new ForwardProxy.Settings(
                listen,
                known.orElseThrow(
                    () ->
                        Fault.PRECONDITION.because(
                            "token: none (expected: one in the request, or in proxy.forward.token"
                                + " or token-file)")),
                members == null ? own.members() : members));
  }

  private static Optional<String> read(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      String token = lines.findFirst().orElse("").strip();
      if (!ProxyConfig.isToken(token)) {
        throw Fault.INVALID.because(
            file + ": no token in its first line (expected: " + ProxyConfig.TOKENS + ")");
      }
      return Optional.of(token);
    } catch (IOException e) {
      throw Fault.INVALID.because(file + ": not readable (expected: a file with a token)", e);
    }
  }

  // The contract.

  @Override
  public Future<ProxyStatus> status() {
    return loop.call(() -> Future.succeededFuture(statusNow()));
  }

  private ProxyStatus statusNow() {
    return new ProxyStatus(
        word(config.transport()),
        new ProxyStatus.Forward(
            forward.state(),
            reason(forward.reason(), FORWARD),
            forward.running().map(proxy -> proxy.address().toString()).orElse(null),
            forward.running().map(proxy -> proxy.settings().members()).orElse(false),
            sides.get(FORWARD).ports(),
            counts(FORWARD)),
        new ProxyStatus.Reverse(
            reverse.state(),
            reason(reverse.reason(), REVERSE),
            reverse.running().map(proxy -> proxy.settings().target().toString()).orElse(null),
            reverse.running().map(proxy -> proxy.settings().allow()).orElse(List.of()),
            sides.get(REVERSE).ports(),
            counts(REVERSE)));
  }

  private String reason(String down, String side) {
    String why = down.isEmpty() ? traffic.get(side).reason() : down;
    return why.isEmpty() ? null : why;
  }

  private ProxyStatus.Counts counts(String side) {
    PipeTraffic counted = traffic.get(side);
    return new ProxyStatus.Counts(
        counted.open(),
        counted.made(),
        counted.failures(),
        counted.sentBytes(),
        counted.receivedBytes());
  }

  @Override
  public Future<ProxyStatus> startForward(
      String host, Integer port, String token, Boolean members) {
    check("host", host, h -> IpAddress.find(h).isPresent(), "an IP address");
    check("port", port, p -> p >= 0 && p <= 65535, "0..65535");
    if (token != null && !ProxyConfig.isToken(token)) {
      throw Fault.INVALID.because("token: (expected: " + ProxyConfig.TOKENS + ")");
    }
    return inOrder(
        () ->
            settings(host, port, token, members)
                .compose(forward::start)
                .compose(v -> store.put(new ProxyStore.KeptForward(host, port, token, members)))
                .map(v -> statusNow()));
  }

  @Override
  public Future<ProxyStatus> stopForward() {
    return inOrder(() -> store.delete(FORWARD).compose(v -> forward.stop()).map(v -> statusNow()));
  }

  @Override
  public Future<ProxyStatus> startReverse(String target, List<String> allow) {
    StreamAddress to =
        StreamAddress.target(target)
            .orElseThrow(() -> Fault.invalid("target", target, StreamAddress.TARGETS));
    allow.forEach(NodeId::new);
    return inOrder(
        () ->
            reverse
                .start(new ReverseProxy.Settings(to, List.copyOf(allow)))
                .compose(v -> store.put(new ProxyStore.KeptReverse(to.toString(), allow)))
                .map(v -> statusNow()));
  }

  @Override
  public Future<ProxyStatus> stopReverse() {
    return inOrder(() -> store.delete(REVERSE).compose(v -> reverse.stop()).map(v -> statusNow()));
  }

  @Override
  public Future<List<TrackedRow>> connections() {
    return loop.call(
        () ->
            Future.succeededFuture(
                Stream.concat(tracker(FORWARD).rows().stream(), tracker(REVERSE).rows().stream())
                    .toList()));
  }

  @Override
  public Future<TrackedRow> add(
      String side, String to, String node, boolean nat, String transport, Long timeoutMillis) {
    TrackedSide of = sideOf(side);
    String carried = transport == null ? word(config.transport()) : transport;
    check("transport", carried, of::has, "quic or utp");
    check("timeoutMillis", timeoutMillis, t -> t >= 1000 && t <= LONGEST_MILLIS, "1000..600000");
    if (side.equals(REVERSE) && !nat) {
      throw Fault.INVALID.because(
          "nat: false (expected: true: " + ProxyConfig.DIRECT_AT_FORWARD + ")");
    }
    Duration timeout =
        timeoutMillis == null ? ProxyConfig.TIMEOUT : Duration.ofMillis(timeoutMillis);
    Remote remote =
        new Remote(address(to), Optional.ofNullable(node).map(NodeId::new), nat, timeout);
    return of.add(new WantedConnection(remote, carried))
        .compose(tracked -> loop.call(() -> Future.succeededFuture(tracked.row())));
  }

  @Override
  public Future<Void> remove(String side, String to) {
    return sideOf(side).remove(address(to));
  }

  private TrackedSide sideOf(String side) {
    check("side", side, sides::containsKey, "forward or reverse");
    return sides.get(side);
  }

  private static HostPort address(String to) {
    return HostPort.parse(to, -1)
        .filter(at -> at.port() > 0)
        .map(HostPort::canonical)
        .orElseThrow(() -> Fault.invalid("to", to, "host:port or [address]:port"));
  }

  /** Null is for what the configuration says. */
  private static <T> void check(String what, T value, Function<T, Boolean> good, String expected) {
    if (value != null && !good.apply(value)) {
      throw Fault.invalid(what, value, expected);
    }
  }
}

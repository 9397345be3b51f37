package dev.weft.proxy.forward;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import dev.weft.bus.Digest;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.proxy.carrier.Tunnel;
import dev.weft.proxy.track.TrackState;
import dev.weft.proxy.track.Tracked;
import dev.weft.proxy.track.TrackedSide;
import dev.weft.proxy.track.TrackedStream;
import dev.weft.rpc.Loop;
import dev.weft.rpc.Pipe;
import dev.weft.rpc.socket.LocalSockets;
import dev.weft.rpc.socket.PipeTraffic;
import dev.weft.rpc.socket.SocketPump;
import io.netty.channel.Channel;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/** Listens for clients and puts them through. All on the side's loop. */
public final class ForwardProxy {
  /** Clients at most. */
  static final int MOST = 10_000;

  /** A token that would have to wait longer than this is not looked at. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * What a forward proxy does.
   *
   * @param listen address and port for clients; port 0 for any free one
   * @param token which clients have to know
   * @param members whether members need not be added
   */
  public record Settings(HostPort listen, String token, boolean members) {}

  /**
   * How long is waited.
   *
   * @param head for a client's head: who sends it byte by byte is not waited for
   * @param find for a node that is being looked for; less if its own timeout is shorter
   * @param answer for the other node, and then for its server, to be connected; a little more than
   *     the other node gives its server
   */
  public record Patience(Duration head, Duration find, Duration answer) {
    public static final Patience STANDARD =
        new Patience(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(7));
  }

  private final Vertx vertx;
  private final Loop loop;
  private final Settings settings;
  private final TrackedSide side;
  private final KnownNodes nodes;
  private final PipeTraffic traffic;
  private final BiConsumer<Integer, String> answers;
  private final LongSupplier nanos;
  private final Patience patience;
  private final byte[] digest;
  private final WrongTokens wrong = new WrongTokens();
  private final Set<SocketPump> open = new HashSet<>();
  private final Set<ConnectClient> waiting = new HashSet<>();
  private Optional<LocalSockets.Listening> listening = Optional.empty();
  private boolean closed;

  /**
   * @param loop the side's
   * @param answers told each answer's status and reason
   * @param nanos the time
   */
  public ForwardProxy(
      Vertx vertx,
      Loop loop,
      Settings settings,
      TrackedSide side,
      KnownNodes nodes,
      PipeTraffic traffic,
      BiConsumer<Integer, String> answers,
      LongSupplier nanos,
      Patience patience) {
    this.vertx = vertx;
    this.loop = loop;
    this.settings = settings;
    this.side = side;
    this.nodes = nodes;
    this.traffic = traffic;
    this.answers = answers;
    this.nanos = nanos;
    this.patience = patience;
    this.digest = Digest.of(settings.token());
  }

  public Settings settings() {
    return settings;
  }

  /** Where clients connect, with the port that was bound. */
  public HostPort address() {
    return listening.flatMap(l -> l.address().tcp()).orElse(settings.listen());
  }

  /**
   * Takes clients from now on.
   *
   * @param local where its socket for uTP is bound
   * @return CONFLICT for an address that is taken
   */
  public Future<Void> open(HostPort local) {
    return side.open(
            local,
            (from, pipe) -> Tunnel.accept(pipe).refuse(Fault.NOT_FOUND, "this is a forward proxy"))
        .compose(
            v ->
                loop.call(
                    () ->
                        new LocalSockets(vertx, loop)
                            .listen(StreamAddress.of(settings.listen()), this::accepted)))
        .<Void>map(
            listens -> {
              listening = Optional.of(listens);
              return null;
            })
        .recover(e -> close().transform(done -> Future.failedFuture(e)));
  }

  private void accepted(Channel client) {
    SocketPump pump = new SocketPump(traffic, open);
    client.pipeline().addLast(new ConnectClient(this, pump), pump);
  }

  // What clients tell.

  void arrived(ConnectClient client) {
    if (closed) {
      client.refuse(stopping());
    } else if (open.size() > MOST) {
      client.refuse(ConnectStatus.UNAVAILABLE.because("the proxy has " + MOST + " clients"));
    } else {
      waiting.add(client);
    }
  }

  Duration headTime() {
    return patience.head();
  }

  void gone(ConnectClient client) {
    waiting.remove(client);
  }

  void answered(ConnectClient client, ConnectStatus status, String why) {
    waiting.remove(client);
    if (status != ConnectStatus.ESTABLISHED) {
      traffic.failed(status.code() + " " + why);
    }
    answers.accept(status.code(), why);
  }

  void asked(ConnectClient client, ConnectRequest request) {
    long wait = request.token().isEmpty() ? 0 : wrong.wait(client.address(), nanos.getAsLong());
    if (wait > PATIENCE.toNanos()) {
      client.refuse(
          ConnectStatus.UNAVAILABLE.because("too many wrong tokens from " + client.address()));
    } else if (wait > 0) {
      vertx.setTimer(
          Math.max(1, TimeUnit.NANOSECONDS.toMillis(wait)),
          id -> loop.run(() -> asked(client, request)));
    } else {
      serve(client, request);
    }
  }

  private void serve(ConnectClient client, ConnectRequest request) {
    try {
      check(client, request.token());
      Targets.Target target = new Targets(side.tracker(), nodes, settings.members()).find(request);
      Future<Tunnel> tunnel =
          target.tracked().isPresent()
              ? over(client, request, target.tracked().get())
              : pipe(side.connect(target.node().orElseThrow()));
      tunnel.onSuccess(client::established).onFailure(e -> client.refuse(refused(request, e)));
    } catch (ConnectRefused refused) {
      client.refuse(refused);
    }
  }

  /** In a time that does not tell how much of the token is right. */
  private void check(ConnectClient client, Optional<String> token) {
    if (token.isEmpty()) {
      throw ConnectStatus.AUTHENTICATION_REQUIRED.because(
          "token: none (expected: Proxy-Authorization: Basic or Bearer with the proxy's token)");
    }
    if (!MessageDigest.isEqual(digest, Digest.of(token.get()))) {
      wrong.wrong(client.address(), nanos.getAsLong());
      throw ConnectStatus.AUTHENTICATION_REQUIRED.because("token: wrong (expected: the proxy's)");
    }
  }

  /** A tunnel over what was added, once its node has been found. */
  private Future<Tunnel> over(ConnectClient client, ConnectRequest request, Tracked tracked) {
    if (tracked.state() instanceof TrackState.Lost lost) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because(request.to() + " is lost: " + lost.reason()));
    }
    Duration own = tracked.wanted().remote().timeout();
    long millis = (own.compareTo(patience.find()) < 0 ? own : patience.find()).toMillis();
    TrackedStream stream = client.pump()::breakOff;
    return within(millis, tracked.standing(), request.to() + " is " + tracked.state().word())
        .compose(
            v -> {
              tracked.state().reachedNode().ifPresent(node -> Targets.check(request, node));
              return pipe(side.connect(tracked, request.node()));
            })
        .map(
            tunnel -> {
              try {
                tracked.opened(stream);
              } catch (WeftException lostMeanwhile) {
                tunnel.close(lostMeanwhile.getMessage());
                throw lostMeanwhile;
              }
              client.pump().closed().onComplete(done -> tracked.ended(stream));
              return tunnel;
            });
  }

  /** Done on the loop, when the other node's server is connected. */
  private Future<Tunnel> pipe(Future<Pipe> opening) {
    return within(patience.answer().toMillis(), opening, "no answer")
        .recover(
            e -> {
              opening.onSuccess(late -> Tunnel.accept(late).close("too late"));
              return Future.failedFuture(
                  WeftException.of(e).fault() == Fault.DENIED
                      ? ConnectStatus.INVALID_CERTIFICATE.because(e.getMessage())
                      : e);
            })
        .compose(
            pipe -> {
              Tunnel tunnel = Tunnel.open(pipe);
              return within(
                      patience.answer().toMillis(),
                      tunnel.opened(),
                      "the server there was not connected")
                  .map(tunnel)
                  .onFailure(e -> tunnel.close("given up"));
            });
  }

  /** Completes on the loop. */
  private <T> Future<T> within(long millis, Future<T> work, String what) {
    return loop.call(
        () ->
            work.timeout(millis, TimeUnit.MILLISECONDS)
                .recover(
                    e ->
                        Future.failedFuture(
                            e instanceof TimeoutException
                                ? Fault.TIMEOUT.because(what + " after " + millis + " ms", e)
                                : e)));
  }

  private static ConnectRefused refused(ConnectRequest request, Throwable e) {
    if (e instanceof ConnectRefused refused) {
      return refused;
    }
    WeftException why = WeftException.of(e);
    ConnectStatus status =
        switch (why.fault()) {
          case TIMEOUT -> ConnectStatus.GATEWAY_TIMEOUT;
          case DENIED -> ConnectStatus.FORBIDDEN;
          case EXHAUSTED -> ConnectStatus.UNAVAILABLE;
          default -> ConnectStatus.BAD_GATEWAY;
        };
    return status.because(request.to() + ": " + why.getMessage());
  }

  private static ConnectRefused stopping() {
    return ConnectStatus.UNAVAILABLE.because("the proxy is stopping");
  }

  /** Takes no more clients, answers those that wait, and breaks off all others. */
  public Future<Void> close() {
    return loop.call(
        () -> {
          closed = true;
          Set.copyOf(waiting).forEach(client -> client.refuse(stopping()));
          Set.copyOf(open).forEach(pump -> pump.breakOffBegun("the forward proxy was stopped"));
          Future<Void> shut =
              listening.map(LocalSockets.Listening::close).orElse(Future.succeededFuture());
          listening = Optional.empty();
          return shut.transform(done -> side.close());
        });
  }
}

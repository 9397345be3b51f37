package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.NotBegun;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.Pipe;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Connects to each node by the best way that answers, and keeps the connections: one for calls, one
 * for pipes, and one on each event loop for the streams of that loop. While a better way fails it
 * is tried again and again; once it answers, the streams move there. When a way is lost and another
 * one leads to the node, its streams go on there.
 */
public final class NodeDial implements Dial {
  /** How long a stream that has lost its connection stays open while another is looked for. */
  private static final Duration RESCUE = Duration.ofSeconds(5);

  /** How long a pipe may stay on a connection that was replaced. */
  private static final Duration LONGEST_PIPE = Duration.ofHours(24);

  private final Vertx vertx;
  private final List<Way> ways;
  private final Attempts.Timer timer;
  private final LongSupplier nanos;

  /** The event loop of the connections for calls and pipes. */
  private final Loop calls;

  private final SecureRandom random = new SecureRandom();
  private final Map<String, WayChoice> choices = new ConcurrentHashMap<>();
  private final Map<Key, Future<Reached>> connections = new ConcurrentHashMap<>();
  private final Map<MovableStream, Key> streams = new ConcurrentHashMap<>();

  /** Nodes whose better ways will be tried. */
  private final Set<String> retrying = ConcurrentHashMap.newKeySet();

  private Future<Void> renewed = Future.succeededFuture();

  /** What a connection is for: what runs over it says when it may be replaced. */
  private enum Use {
    CALLS,
    /** They move to the connection that replaces theirs. */
    STREAMS,
    /** They stay until they end, for they cannot move. */
    PIPES
  }

  private record Key(String node, Loop loop, Use use) {}

  /**
   * @param ways best first
   */
  NodeDial(Vertx vertx, List<Way> ways) {
    this(
        vertx,
        ways,
        (delay, work) -> vertx.setTimer(Math.max(1, delay.toMillis()), id -> work.run()),
        System::nanoTime);
  }

  NodeDial(Vertx vertx, List<Way> ways, Attempts.Timer timer, LongSupplier nanos) {
    this.vertx = vertx;
    this.ways = List.copyOf(ways);
    this.timer = timer;
    this.nanos = nanos;
    this.calls = Loop.of(vertx);
  }

  @Override
  public <Q extends Message, R extends Message> Future<R> call(
      String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline) {
    Future<R> answer =
        over(new Key(nodeId, calls, Use.CALLS), to -> to.call(method, request, deadline))
            .recover(e -> Future.failedFuture(WeftException.of(e)));
    return Loop.home(vertx, answer);
  }

  @Override
  public Future<OutStream> stream(String nodeId, String path, Loop on) {
    Key key = new Key(nodeId, on, Use.STREAMS);
    Future<Reached> connection = connection(key);
    return connection
        .compose(to -> MovableStream.open(to.connection(), path, name(), () -> rescue(key)))
        .map(
            stream -> {
              streams.put(stream, key);
              stream.ended().onComplete(done -> streams.remove(stream));
              Future<Reached> now = connections.get(key);
              if (now != null && now != connection) {
                // Renewed while the stream was opened: it may not be among those that are moved.
                now.onSuccess(to -> stream.moveTo(to.connection()));
              }
              return stream;
            });
  }

  @Override
  public Future<Pipe> pipe(String nodeId, String service) {
    return Loop.home(vertx, over(pipes(nodeId), to -> to.pipe(service)));
  }

  private Key pipes(String nodeId) {
    return new Key(nodeId, calls, Use.PIPES);
  }

  /** The event loop of the connections for pipes. */
  public Loop pipeLoop() {
    return calls;
  }

  /** Connects for pipes to a node, unless that was done; gives the way. */
  public Future<WayState> connectForPipes(String nodeId) {
    return connection(pipes(nodeId)).map(to -> state(nodeId, to.way()));
  }

  /** The way of pipes to a node; empty if there is no connection for them. */
  public Optional<WayState> pipeWay(String nodeId) {
    return Optional.ofNullable(connections.get(pipes(nodeId)))
        .filter(Future::succeeded)
        .map(made -> state(nodeId, made.result().way()));
  }

  /** Begins work over the node's connection, and again if that was being replaced just then. */
  private <T> Future<T> over(Key key, Function<RpcConnection, Future<T>> work) {
    Future<Reached> first = connection(key);
    return first
        .compose(to -> work.apply(to.connection()))
        .recover(
            e ->
                NotBegun.says(e) && connections.get(key) != first
                    ? connection(key).compose(to -> work.apply(to.connection()))
                    : Future.failedFuture(e));
  }

  @Override
  public Loop loop(String nodeId, Loop preferred) {
    return preferred;
  }

  /**
   * Replaces all connections, for example after a change of this node's certificate, and moves the
   * streams to the new ones. An old connection is closed once nothing runs over it, or after 10 s;
   * if a node cannot be connected to now, its connections stay.
   */
  public synchronized Future<Void> renew() {
    // One after the other: a connection of an earlier renewal may have the certificate of before.
    renewed = renewed.transform(before -> renewAll());
    return renewed;
  }

  private Future<Void> renewAll() {
    List<Future<Void>> all = new ArrayList<>();
    connections.forEach((key, old) -> all.add(renew(key, old)));
    return Future.join(all).mapEmpty();
  }

  private Future<Void> renew(Key key, Future<Reached> old) {
    return replace(key, old, connect(key.node(), key.loop()))
        .compose(
            replaced -> {
              Future<Reached> now = connections.get(key);
              // A better way may have come between, with the certificate of before.
              return replaced || now == null || now == old
                  ? Future.succeededFuture()
                  : renew(key, now);
            });
  }

  /** Has a connection take the place of another, once it is there; whether it has. */
  private Future<Boolean> replace(Key key, Future<Reached> old, Future<Reached> next) {
    return next.compose(
        to -> {
          if (!connections.replace(key, old, next)) {
            // The old one was lost meanwhile: the next call or stream connects again.
            to.connection().close();
            return Future.succeededFuture(false);
          }
          keep(key, next);
          // Calls and finished legs of the old connection still get their answers.
          return moveAll(key, to.connection())
              .onComplete(done -> old.onSuccess(from -> retire(key, from)))
              .map(true);
        });
  }

  private static void retire(Key key, Reached old) {
    if (key.use() == Use.PIPES) {
      old.connection().drain(LONGEST_PIPE);
    } else {
      old.connection().drain();
    }
  }

  private Future<Reached> connection(Key key) {
    Future<Reached> known = connections.get(key);
    if (known != null) {
      return known;
    }
    // The entry precedes the attempt, which may fail at once and then removes the entry.
    Promise<Reached> made = Promise.promise();
    Future<Reached> other = connections.putIfAbsent(key, made.future());
    if (other != null) {
      return other;
    }
    connect(key.node(), key.loop()).onComplete(made);
    return keep(key, made.future());
  }

  /** Forgets the connection when it fails or is lost. */
  private Future<Reached> keep(Key key, Future<Reached> made) {
    return made.onSuccess(to -> to.connection().lost().onComplete(v -> onLost(key, made)))
        .onSuccess(to -> tryBetter(key.node(), to.way()))
        .onFailure(e -> connections.remove(key, made));
  }

  private void onLost(Key key, Future<Reached> made) {
    // One that was replaced is closed by this node.
    if (connections.remove(key, made)) {
      WayChoice choice = choice(key.node());
      choice.lost(made.result().way());
      if (streams.containsValue(key) && choice.hasSound()) {
        // Not only those that were on it: a stream may be left over on one that was replaced.
        connection(key).onSuccess(to -> moveAll(key, to.connection()));
      }
    }
  }

  private Future<?> moveAll(Key key, RpcConnection to) {
    return Future.join(
        streams.entrySet().stream()
            .filter(entry -> entry.getValue().equals(key))
            .map(entry -> entry.getKey().moveTo(to))
            .toList());
  }

  private Future<Reached> connect(String nodeId, Loop on) {
    WayChoice choice = choice(nodeId);
    List<Way> order = choice.order();
    if (order.isEmpty()) {
      choices.remove(nodeId, choice);
      return Future.failedFuture(
          Fault.UNAVAILABLE.because(
              "node " + nodeId + " is no live member, and no way leads to it"));
    }
    return connect(nodeId, on, choice, order);
  }

  private Future<Reached> connect(String nodeId, Loop on, WayChoice choice, List<Way> order) {
    return new Attempts(
            nodeId,
            on,
            order,
            timer,
            (way, failure) -> {
              if (failure == null) {
                choice.connected(way);
              } else {
                choice.failed(way, Reason.of(failure));
              }
            })
        .run();
  }

  private WayChoice choice(String nodeId) {
    return choices.computeIfAbsent(nodeId, node -> new WayChoice(node, ways, nanos, random));
  }

  // Better ways, and lost ones.

  private void tryBetter(String nodeId, Way used) {
    WayChoice choice = choice(nodeId);
    if (!choice.isBest(used) && retrying.add(nodeId)) {
      timer.after(
          choice.retryAfter(),
          () -> {
            retrying.remove(nodeId);
            improve(nodeId);
          });
    }
  }

  /** Tries the ways that are better than those that are used, and then again until one answers. */
  private void improve(String nodeId) {
    WayChoice choice = choice(nodeId);
    connections.forEach(
        (key, old) -> {
          if (!key.node().equals(nodeId) || !old.succeeded()) {
            return;
          }
          Way used = old.result().way();
          List<Way> better = choice.better(used);
          Future<Boolean> replaced =
              better.isEmpty()
                  ? Future.succeededFuture(false)
                  : replace(key, old, connect(nodeId, key.loop(), choice, better));
          replaced.onFailure(e -> tryBetter(nodeId, used));
          replaced.onSuccess(
              done -> {
                if (!done && connections.containsValue(old)) {
                  tryBetter(nodeId, used);
                }
              });
        });
  }

  /** A member joined or has other addresses: ways that failed may lead there now. */
  public void changed(String nodeId) {
    WayChoice choice = choices.get(nodeId);
    if (choice != null) {
      choice.renew();
      improve(nodeId);
    }
  }

  /** Another connection for a stream that has lost its own; fails where no way is left. */
  private Future<RpcConnection> rescue(Key key) {
    if (!choice(key.node()).hasSound()) {
      return Future.failedFuture(Fault.UNAVAILABLE.because("no other way leads there"));
    }
    return connection(key)
        .map(Reached::connection)
        .timeout(RESCUE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The way by which a node is reached; empty if this node has no connection to it. */
  public Optional<WayState> way(String nodeId) {
    return connections.entrySet().stream()
        .filter(entry -> entry.getKey().node().equals(nodeId) && entry.getValue().succeeded())
        // Streams are what a better way is for.
        .max(Comparator.comparing(entry -> entry.getKey().use() == Use.STREAMS))
        .map(entry -> entry.getValue().result().way())
        .map(way -> state(nodeId, way));
  }

  private WayState state(String nodeId, Way way) {
    return way.state(nodeId, choice(nodeId).problem(way).orElse(null));
  }

  private String name() {
    return HexFormat.of().toHexDigits(random.nextLong());
  }
}

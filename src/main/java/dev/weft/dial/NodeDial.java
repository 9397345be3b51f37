package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.Pipe;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Connects to each node by the first way that leads there, and keeps the connections: one for calls
 * and pipes, and one on each event loop for the streams of that loop.
 */
public final class NodeDial implements Dial {
  private final Vertx vertx;
  private final List<Way> ways;

  /** The event loop of the connections for calls and pipes. */
  private final Loop calls;

  private final SecureRandom random = new SecureRandom();
  private final Map<Key, Future<RpcConnection>> connections = new ConcurrentHashMap<>();
  private final Map<MovableStream, Key> streams = new ConcurrentHashMap<>();

  private Future<Void> renewed = Future.succeededFuture();

  private record Key(String node, Loop loop, boolean forStreams) {}

  /**
   * @param ways best first
   */
  NodeDial(Vertx vertx, List<Way> ways) {
    this.vertx = vertx;
    this.ways = List.copyOf(ways);
    this.calls = Loop.of(vertx);
  }

  @Override
  public <Q extends Message, R extends Message> Future<R> call(
      String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline) {
    Future<R> answer =
        connection(new Key(nodeId, calls, false))
            .compose(c -> c.call(method, request, deadline))
            .recover(e -> Future.failedFuture(WeftException.of(e)));
    return Loop.home(vertx, answer);
  }

  @Override
  public Future<OutStream> stream(String nodeId, String path, Loop on) {
    Key key = new Key(nodeId, on, true);
    Future<RpcConnection> connection = connection(key);
    return connection
        .compose(c -> MovableStream.open(c, path, name()))
        .map(
            stream -> {
              streams.put(stream, key);
              stream.ended().onComplete(done -> streams.remove(stream));
              Future<RpcConnection> now = connections.get(key);
              if (now != null && now != connection) {
                // Renewed while the stream was opened: it may not be among those that are moved.
                now.onSuccess(stream::moveTo);
              }
              return stream;
            });
  }

  @Override
  public Future<Pipe> pipe(String nodeId, String service) {
    Future<Pipe> opened = connection(new Key(nodeId, calls, false)).compose(c -> c.pipe(service));
    return Loop.home(vertx, opened);
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

  private Future<Void> renew(Key key, Future<RpcConnection> old) {
    Future<RpcConnection> next = connect(key.node(), key.loop());
    return next.compose(
        connection -> {
          if (!connections.replace(key, old, next)) {
            // The old one was lost meanwhile: the next call or stream connects again.
            connection.close();
            return Future.succeededFuture();
          }
          keep(key, next);
          List<Future<Void>> moves =
              streams.entrySet().stream()
                  .filter(entry -> entry.getValue().equals(key))
                  .map(entry -> entry.getKey().moveTo(connection))
                  .toList();
          // Calls and finished legs of the old connection still get their answers.
          return Future.join(moves)
              .onComplete(done -> old.onSuccess(RpcConnection::drain))
              .mapEmpty();
        });
  }

  private Future<RpcConnection> connection(Key key) {
    Future<RpcConnection> known = connections.get(key);
    if (known != null) {
      return known;
    }
    // The entry precedes the attempt, which may fail at once and then removes the entry.
    Promise<RpcConnection> made = Promise.promise();
    Future<RpcConnection> other = connections.putIfAbsent(key, made.future());
    if (other != null) {
      return other;
    }
    connect(key.node(), key.loop()).onComplete(made);
    return keep(key, made.future());
  }

  /** Forgets the connection when it fails or is lost. */
  private Future<RpcConnection> keep(Key key, Future<RpcConnection> made) {
    made.onSuccess(c -> c.lost().onComplete(v -> connections.remove(key, made)))
        .onFailure(e -> connections.remove(key, made));
    return made;
  }

  private Future<RpcConnection> connect(String nodeId, Loop on) {
    return ways.stream()
        .filter(way -> way.leadsTo(nodeId))
        .findFirst()
        .<Future<RpcConnection>>map(way -> way.connect(nodeId, on).map(c -> c))
        .orElseGet(
            () ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because("node " + nodeId + " is not a live member")));
  }

  private String name() {
    return HexFormat.of().toHexDigits(random.nextLong());
  }
}

package dev.weft.wire.meshnet;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.dial.MeshnetDial;
import dev.weft.rpc.Grpc;
import dev.weft.wire.path.FrameReceiver;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.TrafficCounter;
import dev.weft.wire.path.WireStream;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientRequest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A lane's connections to foreign meshnet daemons, each kept while a wire uses it. A daemon is
 * asked once per connection, by a stream without frames, whether it has {@code SendToStream}:
 * frames written to one that has not would be lost.
 */
final class MeshnetLane {
  private static final long ASK_MILLIS = 3000;

  private final Lane lane;
  private final MeshnetDial dial;
  private final String self;
  private final Map<String, Future<Way>> ways = new HashMap<>();

  MeshnetLane(Lane lane, MeshnetDial dial, String self) {
    this.lane = lane;
    this.dial = dial;
    this.self = self;
  }

  private static final class Way {
    private final HttpClientConnection connection;
    private final boolean hasStreams;
    private final Set<FrameSink> sinks = new HashSet<>();

    Way(HttpClientConnection connection, boolean hasStreams) {
      this.connection = connection;
      this.hasStreams = hasStreams;
    }
  }

  Lane lane() {
    return lane;
  }

  /**
   * Opens the way of a wire's frames. Any thread may call; the sink is given back on the lane's
   * loop.
   *
   * @param sent counts what the daemon refused as dropped
   */
  Future<FrameSink> open(String address, PacketWriter writer, TrafficCounter sent) {
    Promise<FrameSink> opened = Promise.promise();
    lane.loop()
        .runOnContext(
            v ->
                way(address)
                    .compose(way -> sink(way, writer, sent).onSuccess(sink -> use(way, sink)))
                    .onComplete(opened));
    return opened.future();
  }

  private void use(Way way, FrameSink sink) {
    way.sinks.add(sink);
    sink.ended()
        .onComplete(
            done ->
                lane.loop()
                    .runOnContext(
                        v -> {
                          way.sinks.remove(sink);
                          if (way.sinks.isEmpty()) {
                            way.connection.close();
                          }
                        }));
  }

  private Future<Way> way(String address) {
    Future<Way> known = ways.get(address);
    if (known != null) {
      return known;
    }
    Future<Way> made = dial.connect(address).compose(connection -> ask(connection, address));
    ways.put(address, made);
    return made.onFailure(e -> ways.remove(address, made));
  }

  private Future<Way> ask(HttpClientConnection connection, String address) {
    return connection
        .request(Grpc.request(FrameReceiver.STREAM, self))
        .compose(HttpClientRequest::send)
        .compose(Grpc::statusCode)
        .timeout(ASK_MILLIS, TimeUnit.MILLISECONDS)
        .map(status -> opened(connection, address, status != Grpc.UNIMPLEMENTED))
        .onFailure(e -> connection.close());
  }

  private Way opened(HttpClientConnection connection, String address, boolean hasStreams) {
    Way way = new Way(connection, hasStreams);
    connection.closeHandler(
        v -> {
          ways.remove(address);
          List.copyOf(way.sinks)
              .forEach(
                  sink ->
                      sink.end(Fault.UNAVAILABLE.because("connection to " + address + " closed")));
        });
    return way;
  }

  private Future<FrameSink> sink(Way way, PacketWriter writer, TrafficCounter sent) {
    if (!way.hasStreams) {
      return Future.succeededFuture(new OnceSink(way.connection, writer, sent, self));
    }
    return way.connection
        .request(Grpc.request(FrameReceiver.STREAM, self))
        .compose(
            call -> {
              call.setChunked(true);
              WireStream stream = new WireStream(call, writer);
              call.response()
                  .compose(Grpc::status)
                  .onComplete(
                      done ->
                          stream.end(
                              done.succeeded()
                                  ? Fault.UNAVAILABLE.because("the peer ended the stream")
                                  : WeftException.of(done.cause())));
              return call.sendHead().map(stream);
            });
  }
}

package dev.weft.wire.path;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.dial.Dial;
import dev.weft.linux.RecvRing;
import dev.weft.rpc.Grpc;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpClientConnectionInternal;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One event loop's share of the data path: its connection to each peer and the wires' streams over
 * it. A wire stays on one lane, so that its frames keep their order.
 */
public final class Lane extends AbstractVerticle {
  private static final long PING_MILLIS = 1000;

  /** A connection that answers no ping for so long is dead, whatever TCP believes. */
  private static final long PING_LIMIT_MILLIS = 4000;

  private static final long UNSENT_BYTES = 64 << 10;

  private final Dial dial;
  private final String self;
  private final Map<String, Future<HttpClientConnection>> peers = new HashMap<>();
  private RecvRing ring;

  Lane(Dial dial, String self) {
    this.dial = dial;
    this.self = self;
  }

  /** The event loop that this lane's streams are written on. */
  public Context loop() {
    return context;
  }

  /** Where this loop's packet sockets are read into; made when the first one is. */
  RecvRing ring() {
    if (ring == null) {
      ring = BatchReader.ring();
    }
    return ring;
  }

  /**
   * Opens the outgoing stream of a wire. Any thread may call; the stream is given back on the
   * lane's loop.
   */
  public Future<WireStream> open(String peerNode, PacketWriter writer) {
    Promise<WireStream> opened = Promise.promise();
    context.runOnContext(
        v -> connection(peerNode).compose(c -> call(c, writer)).onComplete(opened));
    return opened.future();
  }

  private Future<WireStream> call(HttpClientConnection connection, PacketWriter writer) {
    return connection
        .request(Grpc.request(FrameReceiver.STREAM, self))
        .compose(
            request -> {
              request.setChunked(true);
              boundUnsent(request.connection());
              WireStream stream = new WireStream(request, writer);
              request
                  .response()
                  .compose(Grpc::status)
                  .onComplete(
                      done ->
                          stream.end(
                              done.succeeded()
                                  ? Fault.UNAVAILABLE.because("the peer ended the stream")
                                  : WeftException.of(done.cause())));
              return sendHead(request).map(stream);
            });
  }

  /** Keeps the kernel from taking more than a few milliseconds' worth before it is sent. */
  private static void boundUnsent(HttpConnection connection) {
    if (connection instanceof HttpClientConnectionInternal internal
        && internal.channelHandlerContext().channel() instanceof EpollSocketChannel channel) {
      channel.config().setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_BYTES);
    }
  }

  private static Future<Void> sendHead(HttpClientRequest request) {
    return request.sendHead();
  }

  private Future<HttpClientConnection> connection(String peerNode) {
    Future<HttpClientConnection> known = peers.get(peerNode);
    if (known != null) {
      return known;
    }
    Future<HttpClientConnection> dialled = dial.connect(peerNode);
    peers.put(peerNode, dialled);
    return dialled
        .onFailure(e -> peers.remove(peerNode, dialled))
        .onSuccess(connection -> watch(peerNode, dialled, connection));
  }

  private void watch(
      String peerNode, Future<HttpClientConnection> dialled, HttpClientConnection connection) {
    long timer =
        vertx.setPeriodic(
            PING_MILLIS,
            id ->
                connection
                    .ping(Buffer.buffer(8).appendLong(System.nanoTime()))
                    .timeout(PING_LIMIT_MILLIS, TimeUnit.MILLISECONDS)
                    .onFailure(e -> connection.close()));
    connection.closeHandler(
        v -> {
          vertx.cancelTimer(timer);
          peers.remove(peerNode, dialled);
        });
  }
}

package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.impl.ConnectionBase;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLSession;

/** HTTP/2 over TCP. */
public final class Http2Connection implements RpcConnection {
  /** More than this makes nothing faster (docs/wires.md), and pings wait behind it. */
  private static final int MOST_NOT_SENT = 64 << 10;

  private static final long PING_MILLIS = 1000;

  /** A connection whose peer answers no ping for so long is closed, even if TCP still waits. */
  private static final long PING_LIMIT_MILLIS = 4000;

  private final HttpClientConnection http;
  private final Map<String, String> headers;
  private final Loop loop;
  private final Channel channel;

  /** The loop's. */
  private final Turns turns;

  private final Unsent unsent;

  private final Promise<Void> lost = Promise.promise();

  /** The loop's: one end takes no more calls. */
  private boolean draining;

  /**
   * On its loop.
   *
   * @param headers of every call
   */
  Http2Connection(HttpClientConnection http, Map<String, String> headers, Loop loop) {
    this.http = http;
    this.headers = headers;
    this.loop = loop;
    // What is given hides its channel; what this returns is the connection itself.
    HttpConnection itself = http.closeHandler(v -> lost.tryComplete());
    this.channel = ((ConnectionBase) itself).channel();
    WritabilityRecheck.add(channel.pipeline());
    this.unsent = new Unsent(System::nanoTime, this::hold);
    this.turns = new Turns(channel::isWritable, loop.netty()::execute, unsent);
    channel.pipeline().addLast(new Room(turns));
    http.goAwayHandler(v -> draining = true);
  }

  /**
   * Closes the connection when the peer is silent, which TCP may notice only minutes later, and
   * sees to its {@link Congestion}. To be called on the connection's loop.
   */
  public Http2Connection watch(Vertx vertx) {
    Congestion congestion = new Congestion(channel);
    long timer =
        vertx.setPeriodic(
            PING_MILLIS,
            id -> {
              long now = System.nanoTime();
              congestion.check(now);
              http.ping(Buffer.buffer(8).appendLong(now))
                  .timeout(PING_LIMIT_MILLIS, TimeUnit.MILLISECONDS)
                  .onFailure(e -> giveUp());
            });
    lost.future().onComplete(v -> vertx.cancelTimer(timer));
    return this;
  }

  /** The peer is silent. It is lost now: TLS waits for 3 s more before the connection is closed. */
  private void giveUp() {
    lost.tryComplete();
    http.close();
  }

  /** Behind HTTP/2's handler, so that the streams know by then that the channel has room. */
  private static final class Room extends ChannelInboundHandlerAdapter {
    private final Turns turns;

    Room(Turns turns) {
      this.turns = turns;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      turns.onRoom();
      ctx.fireChannelWritabilityChanged();
    }
  }

  /** How this connection's streams share it; on its loop. */
  Turns turns() {
    return turns;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  /**
   * Vert.x runs a request's handlers on the context that created it: here, the connection's. A
   * request that comes too late would have it close the connection, whatever is under way.
   */
  private Future<HttpClientRequest> request(RequestOptions options) {
    return loop.call(
        () ->
            draining
                ? Future.failedFuture(NotBegun.failure())
                // Its failure is that of the response; without a handler it is also logged.
                : http.request(options).onSuccess(request -> request.exceptionHandler(e -> {})));
  }

  @Override
  public Future<Buffer> call(String path, Buffer message, Duration deadline) {
    return request(Grpc.request(path, headers, deadline))
        .compose(call -> Grpc.send(call, message, deadline, Grpc.MAX_MESSAGE));
  }

  @Override
  public Future<OutStream> stream(String path, Optional<Leg> leg) {
    Map<String, String> all = new HashMap<>(headers);
    leg.ifPresent(l -> all.put(Leg.HEADER, l.toString()));
    return request(Grpc.request(path, all))
        .compose(
            request -> {
              Http2Stream stream = new Http2Stream(request, this);
              return request.sendHead().map(stream);
            });
  }

  @Override
  public Future<Pipe> pipe(String service) {
    RequestOptions options =
        new RequestOptions().setMethod(HttpMethod.POST).setURI(Grpc.PIPES + service);
    headers.forEach(options::putHeader);
    return request(options)
        .compose(
            request -> {
              // Asked before the head is sent: data of an early answer must find their reader.
              Future<Pipe> taken = taken(request, service);
              return request.setChunked(true).sendHead().compose(v -> taken);
            });
  }

  private static Future<Pipe> taken(HttpClientRequest request, String service) {
    return request
        .response()
        .compose(
            response -> {
              if (response.statusCode() == 200) {
                // Until its reader resumes it.
                response.pause();
                return Future.succeededFuture(new Pipe(response, request));
              }
              return response.body().compose(why -> refused(service, response.statusCode(), why));
            });
  }

  private static Future<Pipe> refused(String service, int status, Buffer why) {
    Fault fault =
        Stream.of(Fault.NOT_FOUND, Fault.DENIED)
            .filter(f -> f.httpStatus() == status)
            .findFirst()
            .orElse(Fault.UNAVAILABLE);
    return Future.failedFuture(
        fault.because(why.length() == 0 ? "service " + service + ": " + status : why.toString()));
  }

  @Override
  public Future<Boolean> serves(String path, Duration deadline) {
    return request(Grpc.request(path, headers))
        .compose(
            request -> {
              Future<Integer> status = request.response().compose(Grpc::statusCode);
              // A server of grpc-go sees the end of a stream in a DATA frame only.
              return request
                  .setChunked(true)
                  .sendHead()
                  .compose(v -> request.end())
                  .compose(v -> status);
            })
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .map(status -> status != Grpc.UNIMPLEMENTED);
  }

  @Override
  public Future<Void> lost() {
    return lost.future();
  }

  @Override
  public void drain(Duration atMost) {
    loop.run(
        () -> {
          draining = true;
          http.shutdown(atMost.toMillis(), TimeUnit.MILLISECONDS);
        });
  }

  @Override
  public void close() {
    http.close();
  }

  /** The TLS session, with the peer's certificates; null without TLS. */
  public SSLSession session() {
    return http.sslSession();
  }

  /**
   * Bounds the bytes that the channel takes before the kernel has, and those that the kernel takes
   * before it has sent them (TCP_NOTSENT_LOWAT, tcp(7)).
   */
  void limitUnsent(int bytes) {
    hold(Math.min(bytes, unsent.bytes()));
  }

  private void hold(int bytes) {
    if (!channel.isOpen()) {
      return;
    }
    channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(bytes / 2, bytes));
    if (channel instanceof EpollSocketChannel tcp) {
      tcp.config()
          .setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) Math.min(bytes, MOST_NOT_SENT));
    }
  }
}

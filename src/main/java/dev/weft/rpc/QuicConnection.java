package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.rpc.proto.RpcOpening;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Calls, streams and pipes over QUIC, each on a stream of its own (rpc.proto). */
public final class QuicConnection implements RpcConnection {
  /** The protocol's name for ALPN. */
  public static final String PROTOCOL = "weft.rpc/1";

  private static final long PULSE_MILLIS = 1000;
  private static final long SILENT_MILLIS = 4000;

  private final QuicChannel quic;
  private final Loop loop;
  private final Promise<Void> lost = Promise.promise();

  // The loop's.
  private int open;
  private boolean draining;

  /**
   * @param quic an established connection, the peer's id proved
   * @param loop the connection's
   */
  public QuicConnection(QuicChannel quic, Loop loop) {
    this.quic = quic;
    this.loop = loop;
    quic.closeFuture().addListener(closed -> lost.tryComplete());
  }

  /** Closes the connection when the peer is silent, which QUIC notices later. */
  public QuicConnection watch() {
    return watch(PULSE_MILLIS, SILENT_MILLIS);
  }

  QuicConnection watch(long everyMillis, long silentMillis) {
    loop.run(
        () -> {
          Runnable silent = () -> close("no answer for " + silentMillis + " ms");
          QuicPulse pulse = new QuicPulse(everyMillis, silentMillis, silent);
          quic.createStream(QuicStreamType.BIDIRECTIONAL, pulse)
              .addListener(
                  made -> {
                    if (made.isSuccess()) {
                      pulse.begin(
                          QuicReader.head(
                              pulse.stream(), opening(RpcOpening.Kind.PING, "").build(), 0));
                    }
                  });
        });
    return this;
  }

  private static RpcOpening.Builder opening(RpcOpening.Kind kind, String name) {
    return RpcOpening.newBuilder().setKind(kind).setName(name);
  }

  /** On the loop. */
  private <R extends QuicReader> Future<R> open(R reader) {
    Promise<R> opened = Promise.promise();
    if (draining) {
      return Future.failedFuture(NotBegun.failure());
    }
    if (quic.isActive() && quic.peerAllowedStreams(QuicStreamType.BIDIRECTIONAL) == 0) {
      return Future.failedFuture(
          Fault.EXHAUSTED.because("streams to the peer: as many are open as it allows"));
    }
    quic.createStream(QuicStreamType.BIDIRECTIONAL, reader)
        .addListener(
            (io.netty.util.concurrent.Future<QuicStreamChannel> made) -> {
              if (made.isSuccess()) {
                open++;
                made.getNow().closeFuture().addListener(closed -> onStreamClosed());
                opened.complete(reader);
              } else {
                opened.fail(
                    Fault.UNAVAILABLE.because(
                        "the connection was lost: " + Reason.of(made.cause()), made.cause()));
              }
            });
    return opened.future();
  }

  private void onStreamClosed() {
    open--;
    if (draining && open == 0) {
      close();
    }
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public Future<Buffer> call(String path, Buffer message, Duration deadline) {
    return loop.call(
        () ->
            open(new QuicCall(path))
                .compose(
                    call -> {
                      RpcOpening opening =
                          opening(RpcOpening.Kind.CALL, path)
                              .setDeadlineMs((int) deadline.toMillis())
                              .build();
                      Buffer framed = Grpc.frame(message);
                      ByteBuf all = QuicReader.head(call.stream(), opening, framed.length());
                      new QuicWriter(call.stream()).end(all.writeBytes(framed.getBytes()));
                      return call.answer().future();
                    })
                .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .recover(e -> Future.failedFuture(Grpc.named(path, deadline, e))));
  }

  @Override
  public Future<OutStream> stream(String path, Optional<Leg> leg) {
    return outStream(path, leg).map(stream -> stream);
  }

  private Future<QuicOutStream> outStream(String path, Optional<Leg> leg) {
    RpcOpening opening =
        opening(RpcOpening.Kind.STREAM, path).setLeg(leg.map(Leg::toString).orElse("")).build();
    return loop.call(() -> open(new QuicOutStream(loop)).map(stream -> stream.open(opening)));
  }

  @Override
  public Future<Pipe> pipe(String service) {
    RpcOpening opening = opening(RpcOpening.Kind.PIPE, service).build();
    return loop.call(() -> open(new QuicPipeOpening(loop)).compose(pipe -> pipe.open(opening)));
  }

  @Override
  public Future<Boolean> serves(String path, Duration deadline) {
    return outStream(path, Optional.empty())
        .compose(
            stream -> stream.finish().transform(done -> Future.succeededFuture(stream.status())))
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
          if (open == 0) {
            close();
          } else {
            var unused =
                loop.netty().schedule(() -> close(), atMost.toMillis(), TimeUnit.MILLISECONDS);
          }
        });
  }

  @Override
  public void close() {
    close("");
  }

  private void close(String reason) {
    var unused = quic.close(true, 0, Unpooled.copiedBuffer(reason, StandardCharsets.UTF_8));
  }
}

package dev.weft.rpc;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The answers to a call of a server-streaming method. What a reader does not take is kept up to
 * {@value #MAX_WAITING} messages; one that falls further behind is ended with EXHAUSTED. The
 * connection is kept from being idle as long as the reader answers pings. For one event loop.
 */
public final class ReplyStream<R extends Message> {
  static final int MAX_WAITING = 256;

  private static final int QUEUE_BYTES = 64 << 10;

  /** Three of them within the time after which a listener closes a connection without traffic. */
  private static final long PULSE_MILLIS = 20_000;

  /** How long a reader may take to read what it was sent before its stream was ended. */
  private static final long LINGER_SECONDS = 20;

  /** Answers calls of a server-streaming method; what it throws becomes the call's status. */
  public interface Handler<C, Q, R extends Message> {
    /**
     * Begins to answer a call.
     *
     * @param replies begins the stream
     */
    void begin(C caller, Q request, Supplier<ReplyStream<R>> replies);
  }

  private final Vertx vertx;
  private final GrpcServerRequest<Buffer, Buffer> call;
  private final GrpcServerResponse<Buffer, Buffer> response;
  private final Queue<R> waiting = new ArrayDeque<>();
  private final long pulse;
  private Runnable onGone = () -> {};
  private boolean answered = true;
  private boolean ended;
  private boolean gone;

  ReplyStream(Vertx vertx, GrpcServerRequest<Buffer, Buffer> call) {
    this.vertx = vertx;
    this.call = call;
    this.response = call.response();
    call.errorHandler(e -> gone()).exceptionHandler(e -> gone());
    response
        .setWriteQueueMaxSize(QUEUE_BYTES)
        .exceptionHandler(e -> gone())
        .drainHandler(v -> drain());
    pulse = vertx.setPeriodic(PULSE_MILLIS, id -> pulse());
    // So that a reader learns that it is served, however long nothing happens.
    response.writeHead();
  }

  /** Runs the work once the stream is over and nothing of it is kept; now, if it is. */
  public void onGone(Runnable work) {
    onGone = work;
    if (gone) {
      work.run();
    }
  }

  /** Sends a message; of a stream that is over it is dropped. */
  public void send(R message) {
    if (ended || gone) {
      return;
    }
    if (waiting.isEmpty() && !response.writeQueueFull()) {
      write(message);
    } else if (waiting.size() < MAX_WAITING) {
      waiting.add(message);
    } else {
      end(
          Fault.EXHAUSTED.because(
              "the reader is behind by " + MAX_WAITING + " messages (expected: fewer)"));
    }
  }

  /** Ends the stream with a status, after what was written; what waits is dropped. */
  public void end(WeftException why) {
    if (ended || gone) {
      return;
    }
    ended = true;
    waiting.clear();
    Grpc.status(response, why);
    response
        .end()
        .timeout(LINGER_SECONDS, TimeUnit.SECONDS)
        .onFailure(e -> response.cancel())
        .onComplete(done -> gone());
  }

  private void drain() {
    while (!waiting.isEmpty() && !ended && !gone && !response.writeQueueFull()) {
      write(waiting.remove());
    }
  }

  private void write(R message) {
    response.write(Buffer.buffer(message.toByteArray())).onFailure(e -> gone());
  }

  private void pulse() {
    if (!answered) {
      call.connection().close();
      gone();
      return;
    }
    answered = false;
    call.connection()
        .ping(Buffer.buffer(8).appendLong(0))
        .onSuccess(v -> answered = true)
        .onFailure(e -> gone());
  }

  private void gone() {
    if (!gone) {
      gone = true;
      waiting.clear();
      vertx.cancelTimer(pulse);
      onGone.run();
    }
  }
}

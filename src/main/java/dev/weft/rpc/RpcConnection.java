package dev.weft.rpc;

import com.google.protobuf.Message;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Optional;

/**
 * A connection to one program, for calls, streams and pipes. Any thread may use it; its futures
 * complete on its event loop. Failures: those of the callee, and UNAVAILABLE when the connection is
 * lost; with {@link NotBegun} as cause for what comes when it is being closed.
 */
public interface RpcConnection {
  /** The connection's event loop. */
  Loop loop();

  /**
   * Calls a method.
   *
   * @param path {@code /package.Service/Method}
   * @param message without the gRPC prefix, as is the answer
   * @param deadline TIMEOUT after it, and the call is cancelled
   */
  Future<Buffer> call(String path, Buffer message, Duration deadline);

  /**
   * Opens a stream; done before the peer answers.
   *
   * @param leg of a stream that may move to another connection; empty for one that does not
   */
  Future<OutStream> stream(String path, Optional<Leg> leg);

  /**
   * Opens a pipe to a service of the peer; done once the peer has accepted it, NOT_FOUND if it has
   * no such service.
   */
  Future<Pipe> pipe(String service);

  /** Asks by an empty stream whether the peer has a streaming method. */
  Future<Boolean> serves(String path, Duration deadline);

  /** Done when the connection is gone, for whatever reason. */
  Future<Void> lost();

  /** Takes no more calls; closes when those under way have ended, or after 10 s. */
  default void drain() {
    drain(Duration.ofSeconds(10));
  }

  /** Takes no more calls; closes when those under way have ended, or after some time. */
  void drain(Duration atMost);

  void close();

  /** Calls a method. */
  default <Q extends Message, R extends Message> Future<R> call(
      GrpcMethod<Q, R> method, Q request, Duration deadline) {
    return call(method.path(), Buffer.buffer(request.toByteArray()), deadline)
        .compose(method::answer);
  }
}

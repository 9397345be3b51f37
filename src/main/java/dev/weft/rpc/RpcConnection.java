package dev.weft.rpc;

import com.google.protobuf.Message;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Optional;

/**
 * Calls and streams to one program, over whatever carries them. It lives on one event loop; calls
 * may be made from any thread, futures complete on that loop. Failures are those of the callee, and
 * UNAVAILABLE when the connection is lost.
 */
public interface RpcConnection {
  /** Where it lives. */
  Loop loop();

  /**
   * One call.
   *
   * @param path {@code /package.Service/Method}
   * @param message without its prefix, as is the answer
   * @param deadline TIMEOUT after it, and the call is cancelled
   */
  Future<Buffer> call(String path, Buffer message, Duration deadline);

  /**
   * Opens a stream; given back before the peer answers.
   *
   * @param leg which one of a stream that may move; empty for one that does not
   */
  Future<OutStream> stream(String path, Optional<Leg> leg);

  /**
   * Opens a pipe to a service of the peer, given back once the peer has taken it; NOT_FOUND if it
   * has no such service.
   */
  Future<Pipe> pipe(String service);

  /** Whether the peer has a streaming method; asked by a stream without messages. */
  Future<Boolean> serves(String path, Duration deadline);

  /** Done when the connection is gone, for whatever reason. */
  Future<Void> lost();

  /** Takes no more calls; closes when those under way have ended, or after 10 s. */
  void drain();

  void close();

  /** One call of a method that both sides know. */
  default <Q extends Message, R extends Message> Future<R> call(
      GrpcMethod<Q, R> method, Q request, Duration deadline) {
    return call(method.path(), Buffer.buffer(request.toByteArray()), deadline)
        .compose(method::answer);
  }
}

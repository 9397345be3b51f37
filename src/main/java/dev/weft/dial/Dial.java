package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import java.time.Duration;

/**
 * The way to a node, whatever it is made of. Failures: UNAVAILABLE says why the node cannot be
 * reached, DENIED that another node answered; else those of the node that was asked.
 */
public interface Dial {
  /**
   * One call, over a connection that all calls to that node share. It is answered on the caller's
   * context.
   */
  <Q extends Message, R extends Message> Future<R> call(
      String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline);

  /**
   * Opens a stream, which follows the node from one way to a better one without losing its place.
   *
   * @param path {@code /package.Service/Method}
   * @param on from {@link #loop}; the stream lives there
   */
  Future<OutStream> stream(String nodeId, String path, Loop on);

  /**
   * Opens bytes both ways to a service of a node; it is given back, paused, on the caller's
   * context.
   */
  Future<Pipe> pipe(String nodeId, String service);

  /**
   * Where streams to a node live.
   *
   * @param preferred the caller's choice, taken where the way leaves one
   */
  Loop loop(String nodeId, Loop preferred);
}

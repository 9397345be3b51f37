package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import java.time.Duration;

/**
 * Calls, streams and pipes to nodes, whichever way leads there. Failures: UNAVAILABLE says why the
 * node cannot be reached, DENIED that another node answered; all others are the node's own.
 */
public interface Dial {
  /**
   * Calls a method, over a connection that all calls to that node share. Completes on the caller's
   * context.
   */
  <Q extends Message, R extends Message> Future<R> call(
      String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline);

  /**
   * Opens a stream, which moves from one connection to another without loss or reordering.
   *
   * @param path {@code /package.Service/Method}
   * @param on the stream's event loop, from {@link #loop}
   */
  Future<OutStream> stream(String nodeId, String path, Loop on);

  /**
   * Opens a pipe to a service of a node. Completes, with the pipe paused, on the caller's context.
   */
  Future<Pipe> pipe(String nodeId, String service);

  /**
   * The event loop of streams to a node.
   *
   * @param preferred the caller's choice, for a way that allows any loop
   */
  Loop loop(String nodeId, Loop preferred);
}

package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.rpc.GrpcMethod;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClientConnection;
import java.time.Duration;

/** The way to a node, whatever it is made of. */
public interface Dial {
  /**
   * A new connection, its I/O on the caller's event loop. UNAVAILABLE says why the node cannot be
   * reached; DENIED that another node answered.
   */
  Future<HttpClientConnection> connect(String nodeId);

  /** One call, over a connection that all calls to that node share. */
  <Q extends Message, R extends Message> Future<R> call(
      String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline);
}

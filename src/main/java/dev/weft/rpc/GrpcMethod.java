package dev.weft.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/**
 * A gRPC method that takes one message.
 *
 * @param service its service, for reflection
 * @param name the method's name
 * @param request default instance of the request
 * @param response default instance of the response
 */
public record GrpcMethod<Q extends Message, R extends Message>(
    ServiceDescriptor service, String name, Q request, R response) {

  /** {@code /package.Service/Method}. */
  public String path() {
    return "/" + service.getFullName() + "/" + name;
  }

  /** Parses the answer; UNAVAILABLE if the callee sent something else. */
  Future<R> answer(Buffer message) {
    try {
      return Future.succeededFuture(parse(response, message.getBytes()));
    } catch (InvalidProtocolBufferException e) {
      return Future.failedFuture(Fault.UNAVAILABLE.because(path() + ": " + e.getMessage(), e));
    }
  }

  Q parseRequest(byte[] message) throws InvalidProtocolBufferException {
    return parse(request, message);
  }

  @SuppressWarnings("unchecked") // a message's parser makes messages of its own type
  private static <M extends Message> M parse(M prototype, byte[] bytes)
      throws InvalidProtocolBufferException {
    return (M) prototype.getParserForType().parseFrom(bytes);
  }
}

package dev.weft.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.Message;

/**
 * A unary gRPC method.
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
}

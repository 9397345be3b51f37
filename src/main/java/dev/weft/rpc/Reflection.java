package dev.weft.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.weft.bus.Fault;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.health.v1.HealthProto;
import io.vertx.grpc.reflection.v1.ErrorResponse;
import io.vertx.grpc.reflection.v1.FileDescriptorResponse;
import io.vertx.grpc.reflection.v1.ListServiceResponse;
import io.vertx.grpc.reflection.v1.ServerReflectionProto;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import io.vertx.grpc.server.GrpcServer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * gRPC's server reflection (grpc/reflection/v1, and v1alpha with the same messages, which older
 * clients ask for). A stream takes any number of requests: vertx-grpc-reflection 5.0.7 breaks it
 * after the first.
 */
public final class Reflection {
  private static final String METHOD = "ServerReflectionInfo";

  private final SortedSet<String> services = new TreeSet<>();
  private final Map<String, FileDescriptor> files = new LinkedHashMap<>();

  /** By service, method or message: the file that has it. */
  private final Map<String, FileDescriptor> symbols = new LinkedHashMap<>();

  public Reflection(Collection<ServiceDescriptor> served) {
    served.forEach(service -> add(service.getFile()));
    add(HealthProto.getDescriptor());
    add(ServerReflectionProto.getDescriptor());
    served.forEach(service -> services.add(service.getFullName()));
    HealthProto.getDescriptor().getServices().forEach(s -> services.add(s.getFullName()));
    ServerReflectionProto.getDescriptor().getServices().forEach(s -> services.add(s.getFullName()));
  }

  private void add(FileDescriptor file) {
    if (files.putIfAbsent(file.getName(), file) != null) {
      return;
    }
    for (ServiceDescriptor service : file.getServices()) {
      symbols.put(service.getFullName(), file);
      service.getMethods().forEach(method -> symbols.put(method.getFullName(), file));
    }
    file.getMessageTypes().forEach(message -> add(message, file));
    file.getEnumTypes().forEach(type -> symbols.put(type.getFullName(), file));
    file.getDependencies().forEach(this::add);
  }

  private void add(Descriptor message, FileDescriptor file) {
    symbols.put(message.getFullName(), file);
    message.getNestedTypes().forEach(nested -> add(nested, file));
    message.getEnumTypes().forEach(type -> symbols.put(type.getFullName(), file));
  }

  public void serve(GrpcServer server) {
    for (String version : new String[] {"v1", "v1alpha"}) {
      ServiceMethod<ServerReflectionRequest, ServerReflectionResponse> method =
          ServiceMethod.server(
              ServiceName.create("grpc.reflection." + version, "ServerReflection"),
              METHOD,
              GrpcMessageEncoder.encoder(),
              GrpcMessageDecoder.decoder(ServerReflectionRequest.getDefaultInstance()));
      server.callHandler(
          method,
          call ->
              call.handler(request -> call.response().write(answer(request)))
                  .endHandler(v -> call.response().end()));
    }
  }

  private ServerReflectionResponse answer(ServerReflectionRequest request) {
    ServerReflectionResponse.Builder answer =
        ServerReflectionResponse.newBuilder()
            .setValidHost(request.getHost())
            .setOriginalRequest(request);
    switch (request.getMessageRequestCase()) {
      case LIST_SERVICES -> answer.setListServicesResponse(list());
      case FILE_BY_FILENAME ->
          describe(answer, request.getFileByFilename(), files.get(request.getFileByFilename()));
      case FILE_CONTAINING_SYMBOL ->
          describe(
              answer,
              request.getFileContainingSymbol(),
              symbols.get(request.getFileContainingSymbol()));
      default -> describe(answer, request.getMessageRequestCase().name(), null);
    }
    return answer.build();
  }

  private ListServiceResponse list() {
    ListServiceResponse.Builder list = ListServiceResponse.newBuilder();
    services.forEach(name -> list.addService(ServiceResponse.newBuilder().setName(name)));
    return list.build();
  }

  private static void describe(
      ServerReflectionResponse.Builder answer, String asked, FileDescriptor file) {
    if (file == null) {
      answer.setErrorResponse(
          ErrorResponse.newBuilder()
              .setErrorCode(Fault.NOT_FOUND.grpcStatus())
              .setErrorMessage(asked + " is not served here"));
      return;
    }
    FileDescriptorResponse.Builder found = FileDescriptorResponse.newBuilder();
    Map<String, ByteString> closure = new LinkedHashMap<>();
    collect(file, closure);
    closure.values().forEach(found::addFileDescriptorProto);
    answer.setFileDescriptorResponse(found);
  }

  /** A file and all that it imports: clients need not ask again. */
  private static void collect(FileDescriptor file, Map<String, ByteString> closure) {
    if (closure.putIfAbsent(file.getName(), file.toProto().toByteString()) == null) {
      file.getDependencies().forEach(dependency -> collect(dependency, closure));
    }
  }
}

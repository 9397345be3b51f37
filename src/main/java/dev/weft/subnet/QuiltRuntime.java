package dev.weft.subnet;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.room.RoomThread;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.subnet.proto.ConfigureNodeSubnetRequest;
import dev.weft.subnet.proto.ConfigureNodeSubnetResponse;
import dev.weft.subnet.proto.InjectRouteRequest;
import dev.weft.subnet.proto.InjectRouteResponse;
import dev.weft.subnet.proto.Quilt;
import dev.weft.subnet.proto.RemoveRouteRequest;
import dev.weft.subnet.proto.RemoveRouteResponse;
import io.vertx.core.Future;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code quilt.QuiltRuntime} to agents of this host. A refusal is a response without
 * success, never a gRPC status.
 */
final class QuiltRuntime {
  private static final Logger log = LoggerFactory.getLogger(QuiltRuntime.class);
  private static final ServiceDescriptor SERVICE =
      Quilt.getDescriptor().findServiceByName("QuiltRuntime");

  private final Subnets subnets;
  private final RoomThread thread;

  /**
   * @param thread of the room
   */
  QuiltRuntime(Subnets subnets, RoomThread thread) {
    this.subnets = subnets;
    this.thread = thread;
  }

  void serveOn(GrpcListener listener) {
    listener
        .serve(
            new GrpcMethod<>(
                SERVICE,
                "ConfigureNodeSubnet",
                ConfigureNodeSubnetRequest.getDefaultInstance(),
                ConfigureNodeSubnetResponse.getDefaultInstance()),
            (caller, request) -> onConfigure(request))
        .serve(
            new GrpcMethod<>(
                SERVICE,
                "InjectRoute",
                InjectRouteRequest.getDefaultInstance(),
                InjectRouteResponse.getDefaultInstance()),
            (caller, request) -> onInject(request))
        .serve(
            new GrpcMethod<>(
                SERVICE,
                "RemoveRoute",
                RemoveRouteRequest.getDefaultInstance(),
                RemoveRouteResponse.getDefaultInstance()),
            (caller, request) -> onRemove(request));
  }

  private Future<ConfigureNodeSubnetResponse> onConfigure(ConfigureNodeSubnetRequest request) {
    log.info("RPC: ConfigureNodeSubnet(subnet={})", Fault.printable(request.getSubnet()));
    return answer(
        () -> subnets.configure(request.getSubnet()),
        (success, error) ->
            ConfigureNodeSubnetResponse.newBuilder().setSuccess(success).setError(error).build());
  }

  Future<InjectRouteResponse> onInject(InjectRouteRequest request) {
    log.info(
        "RPC: InjectRoute(destination={}, via={})",
        Fault.printable(request.getDestination()),
        Fault.printable(request.getViaInterface()));
    return answer(
        () ->
            unlessKept(
                request.getDestination(),
                () -> subnets.inject(request.getDestination(), request.getViaInterface())),
        (success, error) ->
            InjectRouteResponse.newBuilder().setSuccess(success).setError(error).build());
  }

  private Future<RemoveRouteResponse> onRemove(RemoveRouteRequest request) {
    log.info("RPC: RemoveRoute(destination={})", Fault.printable(request.getDestination()));
    return answer(
        () -> unlessKept(request.getDestination(), () -> subnets.remove(request.getDestination())),
        (success, error) ->
            RemoveRouteResponse.newBuilder().setSuccess(success).setError(error).build());
  }

  /** Agents of the original keep the routes to members; here the node does, whatever they say. */
  private Future<Void> unlessKept(String destination, Supplier<Future<Void>> change) {
    return subnets
        .keeps(destination)
        .compose(kept -> kept ? Future.<Void>succeededFuture() : change.get());
  }

  private <R> Future<R> answer(
      Supplier<Future<Void>> call, BiFunction<Boolean, String, R> response) {
    return thread
        .call(call)
        .map(v -> response.apply(true, ""))
        .otherwise(
            failure -> {
              WeftException why = WeftException.of(failure);
              if (why.fault() == Fault.INTERNAL) {
                log.error("RPC failed", why);
              }
              return response.apply(false, why.getMessage());
            });
  }
}

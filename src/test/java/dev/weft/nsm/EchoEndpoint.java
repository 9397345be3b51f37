package dev.weft.nsm;

import dev.weft.bus.Fault;
import dev.weft.nsm.proto.EndpointAdvertiseRequest;
import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.NetworkServiceEndpoint;
import dev.weft.rpc.AcceptLimits;
import dev.weft.rpc.UnixClient;
import dev.weft.rpc.UnixListener;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** An endpoint of the service echo, in this process, that takes no time of its own. */
final class EchoEndpoint implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));

  private volatile boolean refuses;
  private volatile boolean hangs;
  private volatile List<String> routes = List.of();

  private EchoEndpoint() {}

  /** From now on it answers no request, or every one again. */
  void refuse(boolean every) {
    refuses = every;
  }

  /** From now on it takes requests and answers none. */
  void hang() {
    hangs = true;
  }

  /** From now on clients are to reach these prefixes through it. */
  void offer(String... prefixes) {
    routes = List.of(prefixes);
  }

  /**
   * Serves it and advertises it at a node.
   *
   * @param where it wants its connections
   */
  static EchoEndpoint serve(String name, NsmNodes.Node node, TestNetns where) {
    return serve("echo", name, node, where);
  }

  /** As {@link #serve(String, NsmNodes.Node, TestNetns)}, another service. */
  static EchoEndpoint serve(String service, String name, NsmNodes.Node node, TestNetns where) {
    EchoEndpoint made = new EchoEndpoint();
    Path socket = node.directory.resolve(name + ".sock");
    EndpointAdvertiseRequest advertise =
        EndpointAdvertiseRequest.newBuilder()
            .addNetworkEndpoint(
                NetworkServiceEndpoint.newBuilder()
                    .setNetworkServiceName(service)
                    .setNseProviderName(name)
                    .setSocketLocation(socket.toString()))
            .build();
    new UnixListener(made.vertx, socket, node.directory, AcceptLimits.ofProcess())
        .serve(
            Calls.ASK,
            (peer, request) -> {
              if (made.hangs) {
                return Promise.<EndpointConnectionReply>promise().future();
              }
              return made.refuses
                  ? Future.failedFuture(Fault.UNAVAILABLE.because("not now"))
                  : Future.succeededFuture(
                      EndpointConnectionReply.newBuilder()
                          .setRequestId(request.getRequestId())
                          .setNetworkServiceName(request.getNetworkServiceName())
                          .setLinuxNamespace(where.name())
                          .addAllRoute(made.routes)
                          .build());
            })
        .listen()
        .compose(
            v ->
                new UnixClient(made.vertx)
                    .call(node.endpointSocket(), Calls.ADVERTISE, advertise, Duration.ofSeconds(5)))
        .toCompletionStage()
        .toCompletableFuture()
        .join();
    return made;
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}

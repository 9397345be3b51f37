package dev.weft.cli;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.nsm.Calls;
import dev.weft.nsm.proto.EndpointAdvertiseRequest;
import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import dev.weft.nsm.proto.EndpointRemoveRequest;
import dev.weft.nsm.proto.NetworkServiceEndpoint;
import dev.weft.rpc.AcceptLimits;
import dev.weft.rpc.UnixClient;
import dev.weft.rpc.UnixListener;
import dev.weft.rpc.UnixPeer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;

/** An endpoint of a network service that sends every client to one namespace. */
final class EndpointRole {
  private static final Duration DEADLINE = Duration.ofSeconds(5);
  private static final String NODE_SOCKET = "nsm.endpoint.io.sock";

  private final Path sockets;
  private final NetworkServiceEndpoint endpoint;
  private final String netns;
  private final List<String> routes;

  /**
   * @param sockets the node's nsm.sockets; the endpoint's own socket is made there too
   */
  EndpointRole(Path sockets, String service, String name, String netns, List<String> routes) {
    this.sockets = sockets.toAbsolutePath();
    this.netns = netns;
    this.routes = routes;
    this.endpoint =
        NetworkServiceEndpoint.newBuilder()
            .setNetworkServiceName(service)
            .setNseProviderName(name)
            .setNseProviderNamesapce("default")
            .setSocketLocation(this.sockets.resolve("nse-" + name + ".sock").toString())
            .build();
  }

  /** Serves until the process is told to end. */
  int play(PrintWriter out) throws InterruptedException {
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    UnixListener ingress =
        new UnixListener(
                vertx, Path.of(endpoint.getSocketLocation()), sockets, AcceptLimits.ofProcess())
            .serve(Calls.ASK, this::onAsk);
    UnixClient node = new UnixClient(vertx);
    Path nodeSocket = sockets.resolve(NODE_SOCKET);
    EndpointAdvertiseRequest advertise =
        EndpointAdvertiseRequest.newBuilder().addNetworkEndpoint(endpoint).build();
    EndpointRemoveRequest remove =
        EndpointRemoveRequest.newBuilder().addNetworkEndpoint(endpoint).build();
    try {
      await(
          ingress
              .listen()
              .compose(v -> node.call(nodeSocket, Calls.ADVERTISE, advertise, DEADLINE)));
      CountDownLatch ended = new CountDownLatch(1);
      Thread main = Thread.currentThread();
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    ended.countDown();
                    join(main);
                  },
                  "weft-stop"));
      out.printf(
          "%s provides %s; Ctrl-C ends it%n",
          endpoint.getNseProviderName(), endpoint.getNetworkServiceName());
      out.flush();
      ended.await();
      await(node.call(nodeSocket, Calls.REMOVE, remove, DEADLINE));
      return ExitCode.OK;
    } catch (WeftException e) {
      throw new RequestFailed(e.getMessage(), e);
    } finally {
      await(ingress.close());
      await(vertx.close());
    }
  }

  private Future<EndpointConnectionReply> onAsk(UnixPeer peer, EndpointConnectionRequest request) {
    return Future.succeededFuture(
        EndpointConnectionReply.newBuilder()
            .setRequestId(request.getRequestId())
            .setNetworkServiceName(request.getNetworkServiceName())
            .setLinuxNamespace(netns)
            .addAllRoute(routes)
            .build());
  }

  private static void join(Thread main) {
    try {
      main.join(DEADLINE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void await(Future<?> future) throws InterruptedException {
    try {
      future.toCompletionStage().toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof WeftException known
          ? known
          : Fault.UNAVAILABLE.because(e.getCause().getMessage(), e.getCause());
    }
  }
}

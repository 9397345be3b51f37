package dev.weft.nsm;

import dev.weft.bus.Fault;
import dev.weft.dial.UnixDial;
import dev.weft.linux.Cidr;
import dev.weft.linux.SocketFile;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import dev.weft.pod.Pod;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** Asks endpoints of this node on their own sockets where they want a connection. */
final class Asker {
  private static final Duration DEADLINE = Duration.ofSeconds(15);
  private static final int MAX_ROUTES = 64;

  private final Timer answers;
  private final UnixDial dial;
  private final WorkerExecutor workers;
  private final Supplier<Collection<Pod>> pods;

  /**
   * @param pods those of this node
   */
  Asker(
      UnixDial dial, WorkerExecutor workers, Supplier<Collection<Pod>> pods, MeterRegistry meters) {
    this.answers =
        Timer.builder("weft_nsm_endpoint_answer")
            .description("From asking an endpoint of this node to its answer or failure")
            .publishPercentiles(0.5, 0.99)
            .register(meters);
    this.dial = dial;
    this.workers = workers;
    this.pods = pods;
  }

  Future<Spot> ask(Endpoints.Advertised endpoint, String requestId) {
    String service = endpoint.endpoint().service();
    EndpointConnectionRequest request =
        EndpointConnectionRequest.newBuilder()
            .setRequestId(requestId)
            .setNetworkServiceName(service)
            .build();
    Path socket = Path.of(endpoint.socket());
    Timer.Sample asked = Timer.start();
    return dial.call(socket, Calls.ASK, request, DEADLINE)
        .onComplete(done -> asked.stop(answers))
        .compose(
            reply -> {
              if (!reply.getRequestId().equals(requestId)
                  || !reply.getNetworkServiceName().equals(service)) {
                throw Fault.UNAVAILABLE.because(
                    "it answered request \""
                        + reply.getRequestId()
                        + "\" for service \""
                        + reply.getNetworkServiceName()
                        + "\" (expected: \""
                        + requestId
                        + "\", \""
                        + service
                        + "\")");
              }
              List<String> routes = checkRoutes(reply.getRouteList());
              List<Pod> known = List.copyOf(pods.get());
              return workers.executeBlocking(
                  () -> locate(reply.getLinuxNamespace(), socket, known, routes), false);
            });
  }

  /** Gives back what may be routes; INVALID names the one that may not. */
  static List<String> checkRoutes(List<String> routes) {
    if (routes.size() > MAX_ROUTES) {
      throw Fault.invalid("route", routes.size() + " routes", "at most " + MAX_ROUTES);
    }
    for (String route : routes) {
      if (!isIpv4Network(route)) {
        throw Fault.invalid("route", route, "an IPv4 prefix as in 10.60.0.0/16");
      }
    }
    return List.copyOf(routes);
  }

  private static boolean isIpv4Network(String route) {
    try {
      Cidr cidr = Cidr.parse(route);
      return cidr.isNetwork() && cidr.address().getAddress().length == 4;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static Spot locate(String named, Path socket, List<Pod> pods, List<String> routes) {
    try {
      SocketFile.Listener by = SocketFile.listener(socket);
      String ref = named.isEmpty() ? ownOf(by, pods) : Namespaces.ref(named, by.pid(), pods);
      long inode = Namespaces.inodeOf(ref);
      if (by.uid() != 0 && inode != Namespaces.inodeOfProcess(by.pid())) {
        throw Fault.DENIED.because(
            "linux_namespace: "
                + named
                + " (expected: that of the endpoint's process, since it is not root's)");
      }
      return new Spot(ref, inode, routes);
    } catch (IOException e) {
      throw Fault.INVALID.because("linux_namespace: " + e.getMessage(), e);
    }
  }

  private static String ownOf(SocketFile.Listener by, List<Pod> pods) {
    long inode = Namespaces.inodeOfProcess(by.pid());
    if (by.pid() == 0 || inode == 0) {
      throw Fault.invalid(
          "linux_namespace", "none", "a path, a name or an inode; its process is not visible");
    }
    // A pod's outlives the process that serves it.
    return pods.stream()
        .filter(pod -> Namespaces.inodeIfThere(pod.netns()) == inode)
        .map(Pod::netns)
        .findFirst()
        .orElse("pid:" + by.pid());
  }
}

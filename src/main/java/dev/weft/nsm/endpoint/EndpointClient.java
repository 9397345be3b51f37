package dev.weft.nsm.endpoint;

import dev.weft.bus.Fault;
import dev.weft.linux.Netns;
import dev.weft.nsm.Calls;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.connection.NamespaceReferences;
import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import dev.weft.pod.Pod;
import dev.weft.room.RoomThread;
import dev.weft.rpc.UnixClient;
import dev.weft.rpc.UnixPeer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Asks endpoints of this node, on their own sockets, where they want a connection. */
public final class EndpointClient {
  private static final Duration DEADLINE = Duration.ofSeconds(15);
  private static final long FRESH_NANOS = 1_000_000_000L;
  private static final int MAX_KEPT = 256;

  private final Timer answers;
  private final UnixClient dial;
  private final RoomThread thread;
  private final Supplier<Collection<Pod>> pods;
  private final Admission admission;
  private final RouteLimits limits;
  private final Map<Answered, Place> places = new HashMap<>();

  /**
   * An endpoint's answer: the namespace as the endpoint named it.
   *
   * @param namespace empty for the namespace of the endpoint's own process
   */
  private record Answered(String service, String namespace, UnixPeer by) {}

  /**
   * The namespace that an endpoint's answer meant.
   *
   * @param at nanoTime when it was looked up
   */
  private record Place(String netns, long identity, long at) {}

  /**
   * @param pods the pods of this node
   */
  public EndpointClient(
      UnixClient dial,
      RoomThread thread,
      Supplier<Collection<Pod>> pods,
      Admission admission,
      RouteLimits limits,
      MeterRegistry meters) {
    this.answers =
        Timer.builder("weft_nsm_endpoint_answer")
            .description("From asking an endpoint of this node to its answer or failure")
            .publishPercentiles(0.5, 0.99)
            .register(meters);
    this.dial = dial;
    this.thread = thread;
    this.pods = pods;
    this.admission = admission;
    this.limits = limits;
  }

  /** Asks an endpoint for one connection. */
  Future<EndpointAttachment> ask(Endpoints.Advertised endpoint, String requestId, ChainHop hop) {
    String service = endpoint.endpoint().service();
    EndpointConnectionRequest.Builder asked =
        EndpointConnectionRequest.newBuilder()
            .setRequestId(requestId)
            .setNetworkServiceName(service);
    if (hop != null && hop.root() != null) {
      asked.setComposition(hop.message());
    }
    EndpointConnectionRequest request = asked.build();
    Path socket = Path.of(endpoint.socket());
    Timer.Sample began = Timer.start();
    return dial.call(socket, Calls.ASK, request, DEADLINE)
        .onComplete(done -> began.stop(answers))
        .compose(
            answer -> {
              EndpointConnectionReply reply = answer.message();
              checkSame(request, reply);
              List<String> routes = limits.check(service, reply.getRouteList());
              return place(new Answered(service, reply.getLinuxNamespace(), answer.by()))
                  .map(place -> new EndpointAttachment(place.netns(), place.identity(), routes));
            });
  }

  private static void checkSame(EndpointConnectionRequest request, EndpointConnectionReply reply) {
    if (!reply.getRequestId().equals(request.getRequestId())
        || !reply.getNetworkServiceName().equals(request.getNetworkServiceName())) {
      throw Fault.UNAVAILABLE.because(
          "it answered request \"%s\" for service \"%s\" (expected: \"%s\", \"%s\")"
              .formatted(
                  reply.getRequestId(),
                  reply.getNetworkServiceName(),
                  request.getRequestId(),
                  request.getNetworkServiceName()));
    }
  }

  /**
   * Looks a namespace up once for a burst of requests; its identity is compared when it is opened.
   */
  private Future<Place> place(Answered answered) {
    Place known = places.get(answered);
    if (known != null && System.nanoTime() - known.at() < FRESH_NANOS) {
      return Future.succeededFuture(known);
    }
    List<Pod> all = List.copyOf(pods.get());
    return thread
        .blocking(() -> locate(answered, all))
        .onSuccess(
            place -> {
              if (places.size() >= MAX_KEPT) {
                places.clear();
              }
              places.put(answered, place);
            });
  }

  private Place locate(Answered answered, List<Pod> pods) {
    String named = answered.namespace();
    UnixPeer by = answered.by();
    try {
      String ref =
          named.isEmpty() ? ownOf(by, pods) : NamespaceReferences.ref(named, by.pid(), pods);
      // Checked before it is opened: the name comes from a program and may be any file.
      NamespaceReferences.inodeOf(ref);
      long identity = Netns.cookieOf(ref);
      long own = identityOf(by);
      if (identity != own) {
        admission.checkMayBeElsewhere(by, answered.service(), named, own, pods);
      }
      return new Place(ref, identity, System.nanoTime());
    } catch (IOException e) {
      throw Fault.INVALID.because("linux_namespace: " + e.getMessage(), e);
    }
  }

  private static String ownOf(UnixPeer by, List<Pod> pods) {
    long identity = identityOf(by);
    if (identity == 0) {
      throw Fault.invalid(
          "linux_namespace",
          "none",
          "a path, a name or an inode: the endpoint's process is not visible here");
    }
    // A pod's namespace outlives the process that serves it.
    return pods.stream()
        .filter(pod -> pod.alive() && pod.identity() == identity)
        .map(Pod::netns)
        .findFirst()
        .orElse("pid:" + by.pid());
  }

  /** The identity of a process's namespace; 0 if the process is not visible here. */
  private static long identityOf(UnixPeer process) {
    try {
      return Netns.cookieOf("pid:" + process.pid());
    } catch (IOException unseen) {
      return 0;
    }
  }
}

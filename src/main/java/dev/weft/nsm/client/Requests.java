package dev.weft.nsm.client;

import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.proto.ConnectionParameters;
import dev.weft.nsm.proto.ConnectionReply;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clients' requests: the same again changes nothing, however often and however quickly. */
public final class Requests {
  private static final Logger log = LoggerFactory.getLogger(Requests.class);

  private final Connections connections;
  private final Connector connector;
  private final MeterRegistry meters;
  private final Set<Connections.Key> inProgress = new HashSet<>();

  public Requests(Connections connections, Connector connector, MeterRegistry meters) {
    this.connections = connections;
    this.connector = connector;
    this.meters = meters;
  }

  /**
   * The connection that the request asks for: the one there is, a new one, or, for other contents,
   * a new one after which the former is ended. CONFLICT while the same is under way.
   */
  public Future<ConnectionEntry> request(
      ClientPod pod, String requestId, String service, List<RequestedInterface> asked) {
    Names.requestId(requestId);
    Names.name("network_service_name", service);
    Connections.Key key = new Connections.Key(pod.ref(), requestId, service);
    if (inProgress.contains(key)) {
      throw Fault.CONFLICT.because(
          "request " + requestId + " for service " + service + ": in progress (retry)");
    }
    Optional<ConnectionEntry> known = connections.find(key);
    if (known.isPresent() && known.get().connection().asked().equals(asked)) {
      return Future.succeededFuture(known.get());
    }
    inProgress.add(key);
    long started = System.nanoTime();
    AtomicLong endpoints = new AtomicLong();
    return Future.<Void>succeededFuture()
        .compose(v -> connector.connect(pod, requestId, service, asked, endpoints::addAndGet))
        .onSuccess(held -> known.ifPresent(this::replaced))
        .onComplete(
            done -> {
              inProgress.remove(key);
              timer(done.succeeded())
                  .record(System.nanoTime() - started - endpoints.get(), TimeUnit.NANOSECONDS);
            });
  }

  /** What the client is told. */
  public static ConnectionReply reply(Connection c) {
    return ConnectionReply.newBuilder()
        .setAccepted(true)
        .setConnectionParameters(
            ConnectionParameters.newBuilder()
                .setAddress(c.clientAddress().toString())
                .addAllRoute(c.allRoutes()))
        .setInterface(c.agreed().message())
        .setInterfaceName(c.client().intf())
        .setConnectionId(c.id())
        .setEndpointAddress(IpAddress.format(c.endpointAddress().address()))
        .build();
  }

  private void replaced(ConnectionEntry former) {
    connector
        .end(former, "the client asked for the same with other contents")
        .onFailure(
            e -> log.warn("connection {} not ended: {}", former.connection().id(), e.getMessage()));
  }

  private Timer timer(boolean accepted) {
    return Timer.builder("weft_nsm_request")
        .description(
            "From a new request to its connection, without what endpoints here took to answer")
        .tag("outcome", accepted ? "accepted" : "refused")
        .publishPercentiles(0.5, 0.99)
        .register(meters);
  }
}

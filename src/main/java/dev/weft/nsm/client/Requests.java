package dev.weft.nsm.client;

import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.nsm.ConnectionHop;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.peer.Halves;
import dev.weft.nsm.proto.ConnectionParameters;
import dev.weft.nsm.proto.ConnectionReply;
import dev.weft.nsm.proto.ServiceHop;
import dev.weft.nsm.proto.UnsetRoute;
import dev.weft.room.RoomThread;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Clients' requests. A repeated request changes nothing, however often and quickly it comes. */
public final class Requests {
  /** How long a request waits for a connection to be up; clients usually wait for 30 s. */
  private static final Duration WAIT = Duration.ofSeconds(20);

  private final RoomThread thread;
  private final Connections connections;
  private final ChainResolver chains;
  private final Connector connector;
  private final Halves halves;
  private final MeterRegistry meters;
  private final Set<Connections.Key> inProgress = new HashSet<>();

  public Requests(
      RoomThread thread,
      Connections connections,
      ChainResolver chains,
      Connector connector,
      Halves halves,
      MeterRegistry meters) {
    this.thread = thread;
    this.connections = connections;
    this.chains = chains;
    this.connector = connector;
    this.halves = halves;
    this.meters = meters;
  }

  /**
   * The connection that the request asks for, once it is up: the existing one, a new one, or, for
   * other contents, a new one after which the former is ended. CONFLICT while the same request is
   * in progress; {@link Refused} if there is no such connection in time.
   */
  Future<ConnectionEntry> request(ServiceRequest asked) {
    Names.requestId(asked.requestId());
    Names.name("network_service_name", asked.service());
    ServiceRequest request = chains.resolve(asked);
    Connections.Key key = request.key();
    if (inProgress.contains(key)) {
      throw Fault.CONFLICT.because(
          "request %s for service %s: in progress (retry)"
              .formatted(request.requestId(), request.service()));
    }
    Optional<ConnectionEntry> known = connections.find(key);
    if (known.isPresent() && request.isFor(known.get().connection())) {
      return standing(known.get());
    }
    chains.check(request);
    inProgress.add(key);
    long started = System.nanoTime();
    return Future.<Void>succeededFuture()
        .compose(v -> connector.connect(request))
        .onSuccess(
            entry ->
                known.ifPresent(
                    former ->
                        halves.end(former, "the client asked for the same with other contents")))
        .onFailure(e -> known.ifPresent(connections::restoreKey))
        .compose(this::standing)
        .onComplete(
            done -> {
              inProgress.remove(key);
              timer(done.succeeded())
                  .record(
                      System.nanoTime() - started - request.endpointNanos().get(),
                      TimeUnit.NANOSECONDS);
            });
  }

  /** A connection that is known, once it is up. */
  private Future<ConnectionEntry> standing(ConnectionEntry entry) {
    return entry.isUp()
        ? Future.succeededFuture(entry)
        : thread
            .within(WAIT, entry.up())
            .map(entry)
            .recover(e -> Future.failedFuture(refusal(entry)));
  }

  private static Refused refusal(ConnectionEntry entry) {
    ConnectionLife life = entry.life();
    String state = life.isOver() ? "ended" : entry.state().toString();
    return new Refused(
        "connection " + entry.connection().id() + ": " + state + ": " + entry.reason());
  }

  /** What the client is told. */
  public static ConnectionReply reply(ConnectionEntry entry) {
    Connection c = entry.connection();
    ConnectionStatus status = entry.status();
    ConnectionReply.Builder reply = ConnectionReply.newBuilder();
    c.clientAddress6().ifPresent(six -> reply.setAddress6(six.toString()));
    c.endpointAddress6()
        .ifPresent(six -> reply.setEndpointAddress6(IpAddress.format(six.address())));
    return reply
        .setAccepted(true)
        .setConnectionParameters(
            ConnectionParameters.newBuilder()
                .setAddress(c.clientAddress().toString())
                .addAllRoute(status.routes()))
        .setInterface(c.agreed().message())
        .setInterfaceName(c.client().intf())
        .setConnectionId(c.id())
        .setEndpointAddress(IpAddress.format(c.endpointAddress().address()))
        .addAllUnsetRoute(
            status.unsetRoutes().stream()
                .map(
                    unset ->
                        UnsetRoute.newBuilder()
                            .setRoute(unset.route())
                            .setReason(unset.reason())
                            .build())
                .toList())
        .addAllHop(status.hops().stream().map(Requests::hop).toList())
        .build();
  }

  private static ServiceHop hop(ConnectionHop hop) {
    ServiceHop.Builder message =
        ServiceHop.newBuilder()
            .setService(hop.service())
            .setEndpoint(hop.provider())
            .setEndpointAddress(hop.endpointAddress().split("/", 2)[0]);
    if (hop.endpointAddress6() != null) {
      message.setEndpointAddress6(hop.endpointAddress6().split("/", 2)[0]);
    }
    return message.build();
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

package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.nsm.NetworkService;
import dev.weft.nsm.NetworkServices;
import dev.weft.nsm.ServiceChain;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;

/** One of {@code /services}, {@code /chains} or {@code /connections}. */
final class ServiceResource {
  /** An endpoint may take 15 s to answer, and there may be others to try. */
  private static final Duration DEADLINE = Duration.ofSeconds(90);

  private record Request(PodRef pod, String service, String requestId) {}

  private record Chain(List<String> via) {}

  private final NetworkServices services;

  ServiceResource(Bus bus) {
    this.services = bus.proxy(NetworkServices.class, DEADLINE);
  }

  void bind(Operations operations) {
    operations.answer("getService", ctx -> find(ctx.pathParam("name")));
    operations.answer("addConnection", this::onAdd);
    operations.answer("getConnection", ctx -> services.connection(ctx.pathParam("id")));
    operations.answer("removeConnection", ctx -> services.close(ctx.pathParam("id")));
    operations.answer("putChain", this::onPutChain);
    operations.answer("removeChain", ctx -> services.removeChain(ctx.pathParam("name")));
  }

  private Future<NetworkService> find(String name) {
    return services
        .services()
        .map(
            all ->
                all.stream()
                    .filter(s -> s.name().equals(name))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            Fault.NOT_FOUND.because("service " + name + ": nobody advertises it")));
  }

  private Future<ServiceChain> onPutChain(RoutingContext ctx) {
    Chain chain = Json.read(ctx.body().asString(), Chain.class);
    return services.putChain(ctx.pathParam("name"), chain.via());
  }

  private Future<Operations.Created> onAdd(RoutingContext ctx) {
    Request request = Json.read(ctx.body().asString(), Request.class);
    return services
        .connect(request.pod(), request.service(), request.requestId())
        .map(c -> new Operations.Created("/api/v1/connections/" + c.id(), c));
  }
}

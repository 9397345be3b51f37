package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.subnet.Subnets;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;

/** {@code /subnets}, {@code /addresses} and {@code /routes}. */
final class SubnetResource {
  private record WantedAddress(String address) {}

  private record Injection(String destination, String via) {}

  private final Subnets subnets;

  SubnetResource(Bus bus) {
    this.subnets = bus.proxy(Subnets.class);
  }

  void bind(Operations operations) {
    operations.answer("freeSubnet", ctx -> subnets.free(ctx.pathParam("id")));
    operations.answer("putAddress", this::onAllocate);
    operations.answer("deleteAddress", ctx -> subnets.release(Operations.pod(ctx)));
    operations.answer("putRoute", this::onInject);
    operations.answer("deleteRoute", ctx -> subnets.remove(ctx.queryParams().get("destination")));
  }

  private Future<Subnets.AddressView> onAllocate(RoutingContext ctx) {
    return subnets.allocate(
        Operations.pod(ctx), Json.read(ctx.body().asString(), WantedAddress.class).address());
  }

  private Future<Void> onInject(RoutingContext ctx) {
    Injection wanted = Json.read(ctx.body().asString(), Injection.class);
    return subnets.inject(wanted.destination(), wanted.via());
  }
}

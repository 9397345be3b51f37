package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;

/** {@code /pods}. */
final class PodResource {
  private record Registration(String netns) {}

  private final Pods pods;
  private final Members members;

  PodResource(Bus bus, Members members) {
    this.pods = bus.proxy(Pods.class);
    this.members = members;
  }

  void bind(Operations operations) {
    operations.answer(
        "listPods", ctx -> members.list(ctx.queryParams().get("scope"), Pods.class, Pods::local));
    operations.answer("getPod", ctx -> find(ref(ctx)));
    operations.answer(
        "putPod",
        ctx -> pods.put(ref(ctx), Json.read(ctx.body().asString(), Registration.class).netns()));
    operations.answer("deletePod", ctx -> pods.remove(ref(ctx)));
  }

  private Future<Pod> find(PodRef ref) {
    return pods.all()
        .map(
            all ->
                all.stream()
                    .filter(p -> p.ref().equals(ref))
                    .findFirst()
                    .orElseThrow(
                        () -> Fault.NOT_FOUND.because("pod " + ref + ": not registered anywhere")));
  }

  private static PodRef ref(RoutingContext ctx) {
    return new PodRef(ctx.pathParam("ns"), ctx.pathParam("name"));
  }
}

package dev.weft.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.linux.Netns;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.pod.SegmentRef;
import dev.weft.subnet.Subnets;
import io.vertx.core.Future;

/** {@code /pods}. */
final class PodResource {
  /**
   * @param address auto, an address of the node's subnet, or null for none
   */
  private record Registration(String netns, String address) {}

  private final Pods pods;
  private final Subnets subnets;

  PodResource(Bus bus) {
    this.pods = bus.proxy(Pods.class);
    this.subnets = bus.proxy(Subnets.class);
  }

  void bind(Operations operations) {
    operations.answer("getPod", ctx -> find(Operations.pod(ctx)));
    operations.answer(
        "putPod",
        ctx -> put(Operations.pod(ctx), Json.read(ctx.body().asString(), Registration.class)));
    operations.answer("deletePod", ctx -> pods.remove(Operations.pod(ctx)));
  }

  private Future<?> put(PodRef ref, Registration wanted) {
    if (wanted.address() == null) {
      return pods.put(ref, wanted.netns());
    }
    if (Netns.HOST.equals(wanted.netns()) || SegmentRef.of(wanted.netns()).isPresent()) {
      throw Fault.invalid("netns", wanted.netns(), "the pod's own, for an address of the subnet");
    }
    // Before the pod is registered or moved: what is refused changes nothing.
    return subnets
        .checkAddress(ref, wanted.address())
        .compose(v -> pods.put(ref, wanted.netns()))
        .compose(
            pod -> subnets.attach(ref, wanted.address()).map(given -> withAddress(pod, given)));
  }

  private static ObjectNode withAddress(Pod pod, Subnets.AddressView given) {
    ObjectNode node = Json.mapper().valueToTree(pod);
    if (given.address() != null) {
      node.put("address", given.address()).put("gateway", given.gateway());
    }
    if (given.address6() != null) {
      node.put("address6", given.address6()).put("gateway6", given.gateway6());
    }
    return given.problem() == null ? node : node.put("waiting", given.problem());
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
}

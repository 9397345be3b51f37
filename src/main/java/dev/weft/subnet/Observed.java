package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.pod.PodRef;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * What a pass over the kernel found and did.
 *
 * @param device name of the overlay device; null if there is none
 * @param endpoint this node's underlay address; null if none reaches the members
 * @param mtu of the overlay, bytes; 0 if there is none
 * @param routes destinations that are there, with the device
 * @param problems destinations that are not there, with the reason
 * @param podProblems pods that are not attached, with the reason
 * @param refusal why nothing of the range is made here; null if nothing stands against it
 * @param changes what was added and removed
 */
record Observed(
    String device,
    InetAddress endpoint,
    int mtu,
    Map<Cidr, String> routes,
    Map<Cidr, String> problems,
    Map<PodRef, String> podProblems,
    String refusal,
    List<RouteChanged> changes) {

  static final Observed NOTHING =
      new Observed(null, null, 0, Map.of(), Map.of(), Map.of(), null, List.of());
}

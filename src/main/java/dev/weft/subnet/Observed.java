package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.pod.PodRef;
import dev.weft.subnet.wireguard.WireguardSeen;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a pass found in the kernel and changed there.
 *
 * @param device name of the overlay device; null if there is none
 * @param endpoint this node's underlay address; null if none reaches the members
 * @param mtu of the overlay, bytes; 0 if there is none
 * @param problems destinations whose route is missing, with the reason
 * @param attached pods that have their interface
 * @param podProblems pods whose interface is missing, with the reason
 * @param refusal another program's route because of which the subnets' range is not used here; null
 *     if there is none
 * @param troubles what of the host is not as it should, with the reason
 * @param changes the routes that were added and removed
 * @param wireguard what of WireGuard is there
 * @param failure why the last pass failed, so that all else here is of an earlier pass; null if the
 *     last pass succeeded
 */
record Observed(
    String device,
    InetAddress endpoint,
    int mtu,
    Map<Cidr, String> problems,
    Set<PodRef> attached,
    Map<PodRef, String> podProblems,
    String refusal,
    Map<Trouble, String> troubles,
    List<RouteChanged> changes,
    WireguardSeen wireguard,
    String failure) {

  static final Observed NOTHING =
      new Observed(
          null,
          null,
          0,
          Map.of(),
          Set.of(),
          Map.of(),
          null,
          Map.of(),
          List.of(),
          WireguardSeen.NONE,
          "the kernel has not been looked at yet");

  /** The same, marked as older than a pass that failed. */
  Observed outdated(String why) {
    return new Observed(
        device,
        endpoint,
        mtu,
        problems,
        attached,
        podProblems,
        refusal,
        troubles,
        List.of(),
        wireguard,
        why);
  }

  /** Why the last pass did not find the pod's interface; null if it did. */
  String problem(PodRef pod) {
    if (failure != null) {
      return failure;
    }
    return attached.contains(pod)
        ? null
        : podProblems.getOrDefault(pod, "its network namespace is not there");
  }

  /** Why the last pass did not find the route; null if it did. */
  String problem(Cidr destination) {
    return failure != null ? failure : problems.get(destination);
  }
}

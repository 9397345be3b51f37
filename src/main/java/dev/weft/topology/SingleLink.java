package dev.weft.topology;

import dev.weft.pod.PodRef;

/**
 * A link made by itself, without a topology file; kept cluster-wide like one.
 *
 * @param mtu bytes, null for the node's default
 * @param open whether each end is made, without carrier, as soon as its own pod is there; null for
 *     false
 * @param kind {@code grpc} or {@code veth}, null to choose by where the pods are
 */
public record SingleLink(long uid, End a, End b, Integer mtu, String kind, Boolean open) {
  public SingleLink(long uid, End a, End b, Integer mtu, String kind) {
    this(uid, a, b, mtu, kind, null);
  }

  /**
   * An end: an interface in a pod.
   *
   * @param address of the interface as CIDR, null for none
   * @param mac of the interface, null for one that follows from the wire
   * @param name one more name of the interface, null for none
   * @param nic {@code use} or {@code use-underlay} for an interface of the host that stays as it
   *     is, null for one that is made
   */
  public record End(PodRef pod, String intf, String address, String mac, String name, String nic) {
    public End(PodRef pod, String intf, String address) {
      this(pod, intf, address, null, null, null);
    }
  }
}

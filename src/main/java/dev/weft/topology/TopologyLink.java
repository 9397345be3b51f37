package dev.weft.topology;

/**
 * A link as one of its pods describes it; field names are meshnet's.
 *
 * @param uid 0 to 2^53-1 (it crosses JSON), unique among the links of a pod
 * @param peerPod name of the pod at the other end, in the same topology namespace
 * @param localIp address of the local interface as CIDR, null for none
 * @param localMac of the local interface, null for one that follows from the wire (Weft's own key)
 * @param localName one more name of the local interface, null for none (Weft's own key)
 * @param localNic {@code use} for an interface of the host that stays as it is, null for one that
 *     is made (Weft's own key)
 * @param open whether each end is made, without carrier, as soon as its own pod is there; null for
 *     false (Weft's own key)
 * @param mtu bytes, null for the node's default (Weft's own key)
 * @param kind {@code grpc} or {@code veth}, null to choose by where the pods are (Weft's own key)
 */
public record TopologyLink(
    long uid,
    String peerPod,
    String localIntf,
    String peerIntf,
    String localIp,
    String peerIp,
    String localMac,
    String peerMac,
    String localName,
    String peerName,
    String localNic,
    String peerNic,
    Integer mtu,
    String kind,
    Boolean open) {

  /** A link that asks for nothing particular of its ends. */
  public TopologyLink(
      long uid,
      String peerPod,
      String localIntf,
      String peerIntf,
      String localIp,
      String peerIp,
      Integer mtu,
      String kind) {
    this(
        uid, peerPod, localIntf, peerIntf, localIp, peerIp, null, null, null, null, null, null, mtu,
        kind, null);
  }
}

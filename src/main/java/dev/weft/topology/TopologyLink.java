package dev.weft.topology;

/**
 * A link as one of its pods describes it; field names are meshnet's.
 *
 * @param uid 0 to 2^53-1 (it crosses JSON), unique among the links of a pod
 * @param peerPod name of the pod at the other end, in the same topology namespace
 * @param localIp address of the local interface as CIDR, null for none
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
    Integer mtu,
    String kind) {}

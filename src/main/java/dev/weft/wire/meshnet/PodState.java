package dev.weft.wire.meshnet;

/**
 * A living pod, as its plugin described it: a pod without address and namespace has no state.
 *
 * @param srcIp address of its node
 * @param netNs its network namespace there
 * @param containerId empty if the plugin gave none
 */
public record PodState(String srcIp, String netNs, String containerId) {}

package dev.weft.wire.meshnet;

/**
 * A pod as its plugin told of it; alive, since it is kept only while address and namespace are set.
 *
 * @param srcIp address of its node
 * @param netNs its network namespace there
 * @param containerId empty if the plugin gave none
 */
public record PodState(String srcIp, String netNs, String containerId) {}

package dev.weft.wire.kernel;

/**
 * What the pod has made of its interface.
 *
 * @param up administratively up
 * @param mtu bytes
 */
public record EndState(boolean up, int mtu) {}

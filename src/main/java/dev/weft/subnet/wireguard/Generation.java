package dev.weft.subnet.wireguard;

/**
 * One of a node's own keys.
 *
 * @param slot 0 or 1: which of the two devices and ports
 * @param since Unix time in seconds at which the node made it
 */
public record Generation(long number, int slot, long since, KeyPair keys) {}

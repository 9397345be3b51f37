package dev.weft.subnet.wireguard;

/**
 * A public key in a member's record.
 *
 * @param generation 1 and up; members of one are each other's peers
 * @param key Base64
 * @param port UDP port of the device that has it
 */
public record AnnouncedKey(long generation, String key, int port) {}

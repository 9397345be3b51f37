package dev.weft.subnet;

/**
 * What a member tells the others in its owned table.
 *
 * @param subnet null while it has none, or may not use it
 * @param endpoint underlay address; null while it knows none
 * @param mac of its overlay device
 * @param mtu of its overlay, bytes
 */
record MemberRow(String subnet, String endpoint, String mac, int mtu) {}

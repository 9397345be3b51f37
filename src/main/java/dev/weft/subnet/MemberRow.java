package dev.weft.subnet;

/**
 * What a member tells the others in its owned table.
 *
 * @param subnet null while the member has none, or must not use the one it has
 * @param endpoint underlay address; null while the member knows none
 * @param mac of the member's overlay device
 * @param mtu of the member's overlay, bytes
 */
record MemberRow(String subnet, String endpoint, String mac, int mtu) {}

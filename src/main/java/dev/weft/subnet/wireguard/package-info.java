/**
 * The kernel's WireGuard between members: encrypted, in the kernel, on UDP ports of its own.
 *
 * <p>A key is a WireGuard device's, and an address has one peer on a device. So that keys change
 * without a lost packet, each generation of keys has a device of its own: {@code weft-wg0} and
 * {@code weft-wg1}, each with its UDP port. Members of one generation, whose number they announce
 * with the public key, are each other's peers. The order of a change:
 *
 * <ol>
 *   <li>A node makes a key and a device for the next generation and announces the public key in its
 *       signed record; whoever sees it does the same.
 *   <li>With a member's announced key, its device makes a handshake. When that is complete, both
 *       devices take packets, and the route moves to the new one, member by member.
 *   <li>Each node announces the oldest generation that it sends by. The old device goes a minute
 *       after no member sends by it.
 * </ol>
 *
 * <p>Private keys are in memory: in the kernel, from which a node that starts takes them, and in
 * the node. They are never on disk, and gone with the host's next start.
 */
package dev.weft.subnet.wireguard;

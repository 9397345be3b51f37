/**
 * STUN on the node's UDP port (RFC 8489), and what it tells of the NAT before the node (RFC 5780).
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |0 0|     class and method      |     length, without the 20    |
 *  |                   magic cookie, 0x2112A442                    |
 *  |                  transaction id, 12 random bytes              |
 *  |   attribute's type            |   its length, without padding |
 *  |   value, padded with zeros to a multiple of four              |
 * </pre>
 *
 * <p>Enters: Binding requests of anybody, the addresses of servers, and a clock. Leaves: answers,
 * where others see this node, and how the NAT behaves ({@link dev.weft.reach.NatBehaviour}).
 *
 * <p>A node is a server of RFC 5780 together with the other members: "another port" is a second
 * socket of its own, "another address" is another member's port, to which the question is passed
 * on. So a node finds out what its NAT lets in without a server that has two addresses.
 */
package dev.weft.reach.stun;

/**
 * Asks the router for a port: PCP (RFC 6887), and NAT-PMP (RFC 6886) where the router knows no PCP.
 *
 * <pre>
 *   PCP MAP, to port 5351 of the router            NAT-PMP map, to the same port
 *  |  2 | R|   1  |     0     | result |           | 0 | op 1, answer 129 | result        |
 *  |          lifetime, seconds         |           | answer only: seconds since epoch     |
 *  | client's address, 16; in the answer|           | internal port    | external port    |
 *  |   seconds since epoch, and zeros   |           | lifetime, seconds                    |
 *  | nonce, 12   | 17 |      zeros      |
 *  | internal port  |   external port   |            NAT-PMP address: op 0, answer 128,
 *  |        external address, 16        |            with the external address in the answer
 * </pre>
 *
 * <p>Enters: this node's UDP port, and the kernel's default route. Leaves: the mapping, as long as
 * it stands ({@link dev.weft.reach.RouterMapping}); it is renewed, made again when the router has
 * lost it, and released when the node stops.
 */
package dev.weft.reach.portmap;

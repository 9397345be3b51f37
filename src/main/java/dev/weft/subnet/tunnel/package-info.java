/**
 * Tunnels: packets between the pods of two nodes, over the nodes' own encrypted connections.
 *
 * <pre>
 *   pod ── weft0 ── route ── wt… ── veth ── node end ── a wire's data path ──▶ the other node
 *                            │                  │
 *                            │                  └ {@link dev.weft.subnet.tunnel.TunnelPackets}: sources of the sender's
 *                            │                    subnet, destinations of the receiver's, and nothing else
 *                            └ one for each peer: the kernel's routes choose the peer
 * </pre>
 *
 * <p>A device for each peer has a queue for each peer: one that is slow, as through a relay, holds
 * up no other. A tunnel comes up as a wire does ({@link dev.weft.wire.control.WireLife}): each node
 * makes its end and asks the other one for its own. It is up only while a stream to the peer
 * stands; otherwise its device has no carrier, and the kernel drops what is sent there.
 */
package dev.weft.subnet.tunnel;

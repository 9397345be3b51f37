/**
 * This node's UDP port: QUIC connections to other nodes, and whatever else will share the port.
 *
 * <pre>
 *   QUIC connection ─┐                      ┌─ socket of loop 0 ─┐
 *   QUIC connection ─┼─ codecs of its loop ─┤                    ├─ one address and port
 *   QUIC connection ─┘                      └─ socket of loop 1 ─┘
 *                           ▲                        │ recvmmsg
 *                           └── {@link dev.weft.reach.Demultiplexer} ── other loops, by a bounded queue
 * </pre>
 *
 * <p>Enters: datagrams, from one socket for each wire loop (SO_REUSEPORT), and whom to dial.
 * Leaves: connections between nodes whose certificates were checked at both ends, and datagrams,
 * equal ones side by side in one send (UDP_SEGMENT). The kernel spreads datagrams over the sockets
 * by addresses, so the loop of a connection stands in the connection ids that this port gives out
 * ({@link dev.weft.reach.ConnectionIds}). Datagrams are never fragmented.
 *
 * <p>{@link dev.weft.reach.PeerPort} has connections to nodes instead of addresses, over whatever
 * path leads there at the moment: the same codecs, with {@link dev.weft.reach.PeerSocket} in place
 * of a socket. Where there is a path by UDP ({@link dev.weft.reach.DirectPaths}) they leave by the
 * UDP port, and come in there as a {@link dev.weft.reach.SideProtocol}.
 *
 * <p>The QUIC library (quiche, about 6 MB of native code) is loaded when the first port is opened.
 */
package dev.weft.reach;

/**
 * Proxied objects: channels, sockets and event pairs whose two ends are on different nodes, each
 * over a stream of a connection between them, and the transfer of an end to a third node.
 *
 * <p>A stream is a sequence of frames: length and type, unsigned 4 bytes little-endian each, then
 * so many bytes. The type is Hello (0), Data (1), Control (2) or Signal (3); any other, or a length
 * beyond what the type and the object's kind allow, ends the stream. Messages are those of
 * mesh.proto.
 *
 * <pre>
 *   Hello    empty; the first frame of the node that opened the stream, and nowhere else
 *   Data     a channel's message (ProxiedMessage), a datagram, or bytes of a stream socket,
 *            of which the borders mean nothing
 *   Signal   SignalUpdate; an empty one is the first frame of the node that accepts the stream
 *   Control  StreamControl: end_of_data (half-close), shutdown (the end is closed), and transfers
 * </pre>
 *
 * <p>An end at node A, whose other end is at B, moves to C:
 *
 * <pre>
 *   A ── all that the end wrote, begin_transfer{C, key} ──▶ B         on the stream that there is
 *   A ◀── what was under way, ack_transfer ── B                       A passes it on to C
 *   A ── shutdown ──▶ B
 *   A ── Hello, what had come for the end ──▶ C                       the drain stream, one way
 *   A ── StreamRef{drain stream, key} ──▶ C                           in the message with the end
 *   B ── open_transfer{stream, key} ──▶ C                             the stream from now on
 * </pre>
 *
 * <p>C reads the drain to its end, then the stream: nothing is missing, nothing changes its place.
 * If C is B, no stream is opened, and the ends are partners in one node again. If B moves its end
 * at the same time, say to D, each side gets begin_transfer in place of the acknowledgement: the
 * side that dialled the connection tells C to open the transfer at D, by the key of the other side.
 *
 * <p>Everything here runs on the mesh's loop, without locks.
 */
package dev.weft.mesh.stream;

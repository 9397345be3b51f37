/**
 * The mesh: frames between nodes that share no network, over links of several kinds and through
 * other nodes. Each package knows only those further down:
 *
 * <pre>
 *   mesh             this node in the mesh: links, forwarding, probes, what the API shows
 *   mesh.peer        connections to other nodes, end to end, and services
 *   mesh.stream      what is proxied over them: channels, sockets, event pairs
 *   mesh.link.kind   udp, tcp, unix, exec, serial
 *   mesh.link        one link: frame labels, control protocol, pings
 *   mesh.route       which link leads where: pure
 * </pre>
 *
 * <p>Enters: frames of at most 1400 bytes from links. Leaves: the same frames towards their
 * destination, payloads for this node, {@code LinkUp}, {@code LinkDown}, {@code MeshRouteChanged},
 * {@code PeerUp} and {@code PeerDown} facts.
 */
package dev.weft.mesh;

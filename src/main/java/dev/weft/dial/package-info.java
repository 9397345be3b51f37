/**
 * The ways to other nodes. Enters: a node id, and a call, a stream or a pipe for that node. Leaves:
 * the answer, or the open stream or pipe. On the wire: HTTP/2 over TCP, or QUIC through the mesh.
 *
 * <ul>
 *   <li>Members: at the address in their signed record; in mutual TLS the certificate must be that
 *       of the dialled id. Where that fails, through the mesh, as the same node, until it works.
 *   <li>Outposts, which are outside of the cluster's network: through the mesh. What they say to
 *       their home, and questions from and to them, are calls like all others.
 *   <li>Nodes of other meshes: met once at an address for which their certificate is, then dialled
 *       by their id.
 *   <li>Foreign meshnet daemons: dialled by address, without TLS.
 * </ul>
 */
package dev.weft.dial;

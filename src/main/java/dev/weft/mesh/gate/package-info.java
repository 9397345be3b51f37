/**
 * Between the mesh and programs that know nothing of it: exports offer a server of this host to the
 * mesh by name, forwards open such a service to clients of this host. Each of their connections is
 * a pipe between a socket and one end of a mesh socket:
 *
 * <pre>
 * client ── LocalForward ── SocketPump ══ mesh socket ══ SocketPump ── LocalExport ── server
 * </pre>
 *
 * Everything runs on the mesh's loop.
 */
package dev.weft.mesh.gate;

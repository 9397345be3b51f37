/**
 * The way to a node, and the door into this one.
 *
 * <p>Outwards: {@link dev.weft.dial.Dial} takes a node id and gives an HTTP/2 connection to that
 * node or the answer to one gRPC call. The only way so far is direct, to the address that the
 * member's signed record names; in mutual TLS the node's certificate must be of the id dialled. A
 * node of another mesh is met once at an address that its certificate names, then dialled by its id
 * too.
 *
 * <p>Inwards: {@link dev.weft.dial.GrpcListener} serves the rooms' gRPC methods, in plain on 127.0.0.1
 * to programs of this host, in mutual TLS on {@code grpc.host} to members and on {@code
 * grpc.external} to nodes of other meshes, each method to those it is for. On the wire it is gRPC
 * over HTTP/2 (PROTOCOL-HTTP2.md).
 */
package dev.weft.dial;

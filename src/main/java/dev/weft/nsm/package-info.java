/**
 * Network services: a pod asks for a service by name and gets an interface.
 *
 * <p>This package holds the contract {@link dev.weft.nsm.NetworkServices}, its records and facts,
 * the gRPC methods ({@link dev.weft.nsm.Calls}) and the actor that assembles the room. The room's
 * parts, from the top; each knows only those below it:
 *
 * <ul>
 *   <li>{@link dev.weft.nsm.client}: the client's side; serves the pods' sockets, selects an
 *       endpoint, joins, heals, ends; leads chains over their hops.
 *   <li>{@link dev.weft.nsm.peer}: between nodes; serves {@code nsmconnect.ProxyConnection} and
 *       {@code weft.nsm.Leases} and {@code weft.nsm.Hops}.
 *   <li>{@link dev.weft.nsm.endpoint}: who provides what; serves {@code nsm.endpoint.io.sock} and
 *       asks endpoints on their own sockets.
 *   <li>{@link dev.weft.nsm.connection}: connections, their life, their addresses and what the
 *       kernel has of them.
 * </ul>
 *
 * <p>Enters: gRPC calls on the Unix sockets under {@code nsm.sockets} and, in mutual TLS, from
 * other nodes: members, and at {@code grpc.external} those of other meshes that {@code
 * nsm.externals} names.
 *
 * <p>Leaves: an interface in the client's namespace and one in the endpoint's, joined on this node
 * by a veth pair with the alias {@code weft:<node id>:nsm:<connection id>}, between nodes by a gRPC
 * wire (the wire room's, in its namespace {@code ~nsm}) or a kernel VXLAN; addresses of a /30 of
 * {@code nsm.cidr}; routes; signed records of the endpoints in the shared table {@code endpoints},
 * and of the chains of services in {@code chains}; facts.
 *
 * <p>A connection is an intent on this node's disk until it ends; each node keeps its half of it.
 * The client's node decides: it selects the endpoint, gives the id, and heals. Of a chain each hop
 * is a connection whose client is the pod of the endpoint before; the node of the first hop's
 * client has them made, in passes that change nothing where all stands.
 */
package dev.weft.nsm;

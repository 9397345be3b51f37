/**
 * Network services: a pod asks for a service by name and gets an interface.
 *
 * <p>Enters: gRPC calls on Unix sockets under {@code nsm.sockets} (protos {@code nsmconnect} and
 * {@code nseconnect}): {@code nsm.endpoint.io.sock} for endpoints, {@code
 * nsm-<id>/nsm.ligato.io.sock} for each pod of this node; and {@code nsmconnect.ProxyConnection},
 * {@code weft.nsm.Leases} from other nodes in mutual TLS: members, and at {@code grpc.external}
 * those of other meshes that {@code nsm.externals} names.
 *
 * <p>Leaves: an interface in the client's namespace and one in the endpoint's, joined on this node
 * by a veth pair with the alias {@code weft:<node id>:nsm:<connection id>}, between nodes by a gRPC
 * wire (the wire room's, in its namespace {@code ~nsm}) or a kernel VXLAN; addresses of a /30 of
 * {@code nsm.cidr}; routes; signed records of the endpoints in the shared table {@code endpoints};
 * facts.
 *
 * <p>A connection is an intent on this node's disk until it ends; each node keeps its half of it.
 * The client's node decides: it selects the endpoint, gives the id, and heals.
 */
package dev.weft.nsm;

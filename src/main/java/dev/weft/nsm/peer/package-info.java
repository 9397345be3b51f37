/**
 * What two nodes say to each other about a connection that both have a half of.
 *
 * <p>Enters, from members and from nodes of other meshes: {@code
 * nsmconnect.ProxyConnection/RequestProxyConnection} (provide the endpoint's half), {@code
 * weft.nsm.Leases/Renew} (which halves are still known) and {@code weft.nsm.Leases/End} (the other
 * half is gone); from members {@code weft.nsm.Hops} (the hops of chains).
 *
 * <p>Leaves: the same calls to other nodes.
 */
package dev.weft.nsm.peer;
